import { inject, Service, signal } from '@angular/core';
import { SessionStore } from '../auth/session-store';
import { keep, recall } from './tab-memory';

const MEMORY_KEY = 'hubbub.drafts';

/** What was begun in each conversation and not sent. */
@Service()
export class Drafts {
  private readonly session = inject(SessionStore);
  private readonly drafts = signal(
    recall<Record<string, string>>(MEMORY_KEY, this.session.user()?.id ?? '') ?? {},
  );

  private readonly openId = signal<string | undefined>(undefined);

  of(conversationId: string): string {
    return this.drafts()[conversationId] ?? '';
  }

  /** The draft of a conversation that is not being written in: something to come back to. */
  waitingIn(conversationId: string): string {
    return this.openId() === conversationId ? '' : this.of(conversationId);
  }

  /** A conversation's composer opens. */
  open(conversationId: string): void {
    this.openId.set(conversationId);
  }

  close(conversationId: string): void {
    if (this.openId() === conversationId) this.openId.set(undefined);
  }

  set(conversationId: string, text: string): void {
    const { [conversationId]: old = '', ...others } = this.drafts();
    if (old === text) return;
    this.drafts.set(text ? { ...others, [conversationId]: text } : others);
    const userId = this.session.user()?.id;
    if (userId) keep(MEMORY_KEY, userId, this.drafts());
  }
}
