import { inject, Service } from '@angular/core';
import { isTransient, toProblem } from '../api/problem';
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

  /** The message with this seq was seen. */
  seen(conversationId: string, seq: number): void {
    const summary = this.conversations.find(conversationId);
    if (!summary || (seq <= summary.lastReadSeq && summary.unreadCount === 0)) return;
    this.conversations.markRead(conversationId, seq);
    this.pending.set(conversationId, Math.max(seq, this.pending.get(conversationId) ?? 0));
    const wait = Math.max(0, this.lastSent + INTERVAL_MS - Date.now());
    this.timer ??= setTimeout(() => void this.flush(), wait);
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
    } catch (error) {
      // Kept for the next connection, unless it has been overtaken meanwhile.
      if (isTransient(toProblem(error)) && (this.pending.get(id) ?? 0) < seq) {
        this.pending.set(id, seq);
      }
    }
  }
}
