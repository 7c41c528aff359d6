import { inject, Service } from '@angular/core';
import { isTransient, toProblem } from '../api/problem';
import { ConversationSummary } from '../api/generated/models';
import { ChatHub } from '../realtime/chat-hub';
import { ConversationsStore } from './conversations-store';

const INTERVAL_MS = 1_000;

/** Tells the server how far one has read: at most once a second, and again after a lost connection. */
@Service()
export class ReadMarkers {
  private readonly hub = inject(ChatHub);
  private readonly conversations = inject(ConversationsStore);
  private readonly pending = new Map<string, number>();
  private timer?: ReturnType<typeof setTimeout>;
  private lastSent = 0;
  /** What was marked as unread while it was on screen: seeing it there does not count. */
  private heldId?: string;

  /** The message with this seq was seen. */
  seen(conversationId: string, seq: number): void {
    const summary = this.conversations.find(conversationId);
    if (conversationId === this.heldId || !summary || isRead(summary, seq)) return;
    this.conversations.markRead(conversationId, seq);
    this.pending.set(conversationId, Math.max(seq, this.pending.get(conversationId) ?? 0));
    const wait = Math.max(0, this.lastSent + INTERVAL_MS - Date.now());
    this.timer ??= setTimeout(() => void this.flush(), wait);
  }

  /** Everything from this message on is to count as unread, until the conversation is next opened or written in. */
  async markUnread(conversationId: string, seq: number): Promise<void> {
    this.heldId = conversationId;
    this.pending.delete(conversationId);
    this.conversations.forgetReading(conversationId);
    await this.hub.markUnread(conversationId, seq);
  }

  /** From now on what is seen counts as read again. */
  release(): void {
    this.heldId = undefined;
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lastSent = Date.now();
    const markers = [...this.pending];
    this.pending.clear();
    await Promise.all(markers.map(([id, seq]) => this.send(id, seq)));
  }

  private async send(id: string, seq: number): Promise<void> {
    try {
      await this.hub.markRead(id, seq);
      this.conversations.readingToldOf(id, seq, true);
    } catch (error) {
      if (!isTransient(toProblem(error))) this.conversations.readingToldOf(id, seq, false);
      // Kept for the next connection, unless it has been overtaken meanwhile.
      else if ((this.pending.get(id) ?? 0) < seq) this.pending.set(id, seq);
    }
  }
}

function isRead(summary: ConversationSummary, seq: number): boolean {
  const { lastReadSeq, unreadCount, unreadFrom } = summary;
  return seq <= lastReadSeq && unreadCount === 0 && unreadFrom === undefined;
}
