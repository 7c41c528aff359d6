import { inject, Service, signal } from '@angular/core';
import { ConversationsApi } from '../api/conversations-api';

/** How far one member of a conversation has read. */
export interface ReadUpTo {
  readonly userId: string;
  readonly seq: number;
}

/** How far the others have read the conversation on screen. Receipts only ever move on. */
@Service()
export class ReceiptsStore {
  private readonly api = inject(ConversationsApi);
  private readonly openId = signal('');
  private readonly marks = signal<ReadonlyMap<string, number>>(new Map());

  /** Who has read up to this message, or further. */
  readersOf(conversationId: string, seq: number): string[] {
    if (conversationId !== this.openId()) return [];
    return [...this.marks()].flatMap(([userId, read]) => (read >= seq ? [userId] : []));
  }

  /** A conversation comes on screen, or the connection is back: what was missed is asked for. */
  async open(conversationId: string): Promise<void> {
    if (this.openId() !== conversationId) {
      this.openId.set(conversationId);
      this.marks.set(new Map());
    }
    const receipts = await this.api.receipts(conversationId);
    if (this.openId() === conversationId) receipts.forEach((mark) => this.advance(mark));
  }

  apply({ conversationId, ...mark }: ReadUpTo & { conversationId: string }): void {
    if (conversationId === this.openId()) this.advance(mark);
  }

  /** One keeps one's own reading private from now on, or no longer: others' are seen accordingly. */
  forget(): void {
    const id = this.openId();
    this.marks.set(new Map());
    if (id) this.open(id).catch(() => undefined);
  }

  private advance({ userId, seq }: ReadUpTo): void {
    if ((this.marks().get(userId) ?? 0) >= seq) return;
    this.marks.update((marks) => new Map(marks).set(userId, seq));
  }
}
