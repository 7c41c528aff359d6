import { inject, Service, signal } from '@angular/core';
import { ConversationsApi } from '../api/conversations-api';
import { Problem, toProblem } from '../api/problem';
import { Message, SendReceipt } from '../api/generated/models';
import { Heads, MemberChanged, MessageReceived, RevRange } from '../api/events';
import { backoffMs } from '../realtime/backoff';
import { Wake } from '../realtime/wake';
import {
  ConversationLog,
  lastSeq,
  logFromPage,
  trimmed,
  withEvent,
  withNewerPage,
  withOlderPage,
  withReceipt,
} from './conversation-log';
import { PeopleStore } from './people-store';

/** What the message pane knows of a conversation. */
export interface LoadedMessages {
  readonly log?: ConversationLog;
  readonly loadingOlder: boolean;
  readonly olderProblem?: Problem;
  readonly problem?: Problem;
}

const PAGE = 50;
const FILL_PAGE = 200;
/** Further behind than this, a log is read afresh from its end instead of being filled. */
const FILL_LIMIT = 1_000;
/** Messages kept of a conversation that is not on screen. */
const KEPT = 200;
const NOTHING: LoadedMessages = { loadingOlder: false };

/** Room for what is unread and a little before it, as far as one page goes. */
function pageSize(unread: number): number {
  return Math.min(FILL_PAGE, Math.max(PAGE, unread + PAGE / 2));
}

/** The messages of the conversations that were opened, kept complete by the log rule. */
@Service()
export class MessagesStore {
  private readonly api = inject(ConversationsApi);
  private readonly people = inject(PeopleStore);
  private readonly wake = inject(Wake);
  private readonly loaded = signal<ReadonlyMap<string, LoadedMessages>>(new Map());
  /** The newest rev heard of, by event, page or heads: what a log has to reach. */
  private readonly heads = new Map<string, number>();
  private readonly filling = new Map<string, Promise<void>>();
  private openId?: string;

  messagesOf(id: string): LoadedMessages {
    return this.loaded().get(id) ?? NOTHING;
  }

  /** A conversation comes on screen: what is known is completed, or its end is read, with all that is unread. */
  async open(id: string, unread: number): Promise<void> {
    this.openId = id;
    if (this.messagesOf(id).log) return this.catchUp(id);
    this.change(id, (state) => ({ ...state, problem: undefined }));
    try {
      const page = await this.api.messages(id, { limit: pageSize(unread) });
      this.meet(page.messages);
      this.noteHead(id, page.rev);
      this.change(id, (state) => ({ ...state, log: logFromPage(page) }));
      await this.catchUp(id);
    } catch (error) {
      this.change(id, (state) => ({ ...state, problem: toProblem(error) }));
    }
  }

  /** It leaves the screen, and only its end is kept. */
  close(id: string): void {
    if (this.openId === id) this.openId = undefined;
    this.changeLog(id, (log) => trimmed(log, KEPT));
  }

  async loadOlder(id: string): Promise<void> {
    const { log, loadingOlder } = this.messagesOf(id);
    const first = log?.messages[0];
    if (!first || !log.hasBefore || loadingOlder) return;
    this.change(id, (state) => ({ ...state, loadingOlder: true, olderProblem: undefined }));
    try {
      const page = await this.api.messages(id, { before: first.seq, limit: PAGE });
      this.meet(page.messages);
      this.changeLog(id, (current) => withOlderPage(current, page));
      this.change(id, (state) => ({ ...state, loadingOlder: false }));
    } catch (error) {
      const olderProblem = toProblem(error);
      this.change(id, (state) => ({ ...state, loadingOlder: false, olderProblem }));
    }
  }

  applyMessage(event: MessageReceived): void {
    const { fromRev, toRev, ...message } = event;
    this.meet([message]);
    this.applyRange(event.conversationId, { fromRev, toRev }, message);
  }

  applyMemberChange(event: MemberChanged): void {
    this.applyRange(event.conversationId, event);
  }

  applyReceipt(receipt: SendReceipt, senderId: string, body: string): void {
    this.changeLog(receipt.conversationId, (log) => withReceipt(log, receipt, senderId, body));
  }

  /** After every (re)connection: fills what is on screen, forgets the rest where it is behind. */
  applyHeads(heads: Heads, replaced: boolean): void {
    if (replaced) {
      this.loaded.set(new Map());
      this.heads.clear();
      if (this.openId) void this.open(this.openId, 0);
    }
    for (const head of heads.conversations) {
      this.noteHead(head.conversationId, head.rev);
      const { log } = this.messagesOf(head.conversationId);
      if (!log || log.position >= head.rev) continue;
      if (head.conversationId === this.openId) void this.catchUp(head.conversationId);
      else this.forget(head.conversationId);
    }
  }

  forget(id: string): void {
    this.loaded.update((all) => new Map([...all].filter(([key]) => key !== id)));
  }

  private applyRange(id: string, range: RevRange, message?: Message): void {
    this.noteHead(id, range.toRev);
    const { log } = this.messagesOf(id);
    if (!log) return;
    const result = withEvent(log, range, message);
    if (result.placement === 'gap') void this.catchUp(id);
    else this.changeLog(id, () => result.log);
  }

  /** Reads on until the log has reached the newest rev heard of. Calls while that runs share it. */
  private catchUp(id: string): Promise<void> {
    let running = this.filling.get(id);
    if (!running) {
      running = Promise.resolve()
        .then(() => this.fill(id))
        .finally(() => this.filling.delete(id));
      this.filling.set(id, running);
    }
    return running;
  }

  private async fill(id: string): Promise<void> {
    for (let attempt = 0; this.isBehind(id);) {
      try {
        await this.fillOnce(id);
        attempt = 0;
      } catch (error) {
        const problem = toProblem(error);
        if (problem.status === 403 || problem.status === 404) return this.forget(id);
        // The rest of the way needs the network; until it is back the log is shown as it is.
        await this.wake.within(backoffMs(attempt++));
      }
    }
  }

  private isBehind(id: string): boolean {
    const { log } = this.messagesOf(id);
    return log !== undefined && log.position < (this.heads.get(id) ?? 0);
  }

  private async fillOnce(id: string): Promise<void> {
    const { log } = this.messagesOf(id);
    if (!log) return;
    const after = lastSeq(log);
    const head = this.heads.get(id) ?? 0;
    const page = await this.api.messages(id, { after, limit: FILL_PAGE });
    this.meet(page.messages);
    if (page.lastSeq - after > FILL_LIMIT) {
      const newest = await this.api.messages(id, { limit: PAGE });
      this.meet(newest.messages);
      this.changeLog(id, () => logFromPage(newest));
      return;
    }
    this.changeLog(id, (current) => withNewerPage(current, page));
    // Asked after that head was heard of, the server says that there is no more: then it is not for this reader.
    const beyond = !page.hasAfter && page.rev < head && this.heads.get(id) === head;
    if (beyond) this.heads.set(id, page.rev);
  }

  private noteHead(id: string, rev: number): void {
    this.heads.set(id, Math.max(this.heads.get(id) ?? 0, rev));
  }

  private meet(messages: readonly Message[]): void {
    void this.people.ensure(messages.map((message) => message.senderId));
  }

  private changeLog(id: string, change: (log: ConversationLog) => ConversationLog): void {
    const { log } = this.messagesOf(id);
    const next = log && change(log);
    if (next && next !== log) this.change(id, (state) => ({ ...state, log: next }));
  }

  private change(id: string, change: (state: LoadedMessages) => LoadedMessages): void {
    this.loaded.update((all) => new Map(all).set(id, change(all.get(id) ?? NOTHING)));
  }
}
