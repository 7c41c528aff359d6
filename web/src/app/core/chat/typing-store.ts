import { inject, Service, signal } from '@angular/core';
import { UserTyping } from '../api/events';
import { SessionStore } from '../auth/session-store';
import { TypingPeople, TYPING_LASTS_MS, withoutExpired, withTyping } from './typing';

/** Who is typing, as far as anybody has said so in the last seconds. */
@Service()
export class TypingStore {
  private readonly session = inject(SessionStore);
  private readonly people = signal<TypingPeople>(new Map());

  /** Ids of the people typing in this conversation. */
  typingIn(conversationId: string): string[] {
    return [...(this.people().get(conversationId)?.keys() ?? [])];
  }

  apply(sign: UserTyping): void {
    if (sign.userId === this.session.user()?.id) return;
    this.people.update((people) => withTyping(people, sign, Date.now()));
    if (sign.isTyping) {
      setTimeout(() => {
        this.people.update((people) => withoutExpired(people, Date.now()));
      }, TYPING_LASTS_MS + 50);
    }
  }

  /** A message ends its author's typing. */
  ended(conversationId: string, userId: string): void {
    this.people.update((people) =>
      withTyping(people, { conversationId, userId, isTyping: false }, Date.now()),
    );
  }

  clear(): void {
    this.people.set(new Map());
  }
}
