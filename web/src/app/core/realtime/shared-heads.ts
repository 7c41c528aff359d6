import { Head, Heads, RevRange, UserChanged } from '../api/events';

/**
 * Where everything stands on a connection at any moment, for tabs that join it later than `Heads` was sent: what that
 * said, and what the events since have moved.
 */
export class SharedHeads {
  private heads?: { epoch: string; userRev: number; revs: Map<string, number> };

  take(event: string, payload: unknown): void {
    if (event === 'Heads') {
      const { epoch, userRev, conversations } = payload as Heads;
      const revs = new Map(conversations.map(({ conversationId, rev }) => [conversationId, rev]));
      this.heads = { epoch, userRev, revs };
    } else if (event === 'UserChanged') this.takeUserChange(payload as UserChanged);
    else if (isStep(payload)) this.move(payload.conversationId, payload.toRev);
  }

  current(): Heads | undefined {
    if (!this.heads) return undefined;
    const { epoch, userRev, revs } = this.heads;
    const conversations = [...revs].map(([conversationId, rev]): Head => ({ conversationId, rev }));
    return { epoch, userRev, conversations };
  }

  private takeUserChange({ toRev, change }: UserChanged): void {
    if (!this.heads) return;
    this.heads.userRev = Math.max(this.heads.userRev, toRev);
    if (change.type === 'conversationGained') {
      this.move(change.conversation.id, change.conversation.rev);
    } else if (change.type === 'conversationLost') this.heads.revs.delete(change.conversationId);
  }

  private move(conversationId: string, rev: number): void {
    this.heads?.revs.set(conversationId, Math.max(rev, this.heads.revs.get(conversationId) ?? 0));
  }
}

function isStep(payload: unknown): payload is RevRange & { conversationId: string } {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    'conversationId' in payload &&
    'toRev' in payload
  );
}
