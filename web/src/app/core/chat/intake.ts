import { inject, Service } from '@angular/core';
import { ConversationStep, UserStep } from '../api/events';
import { SessionStore } from '../auth/session-store';
import { Archive } from '../storage/archive';
import { ConversationsStore } from './conversations-store';
import { MessagesStore } from './messages-store';
import { Outbox } from './outbox';
import { PeopleStore } from './people-store';
import { TypingStore } from './typing-store';

/** Hands each step of a log to everybody whom it concerns, however it came. */
@Service()
export class Intake {
  private readonly archive = inject(Archive);
  private readonly session = inject(SessionStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly messages = inject(MessagesStore);
  private readonly outbox = inject(Outbox);
  private readonly people = inject(PeopleStore);
  private readonly typing = inject(TypingStore);

  conversation(step: ConversationStep): void {
    this.conversations.applyStep(step);
    this.messages.applyStep(step);
    this.archive.step(step);
    for (const row of step.rows) {
      if (row.type === 'message') {
        const { clientId, createdRev, rev, senderId } = row.message;
        this.outbox.arrived(clientId);
        if (rev === createdRev) this.typing.ended(step.conversationId, senderId);
      } else if (row.type === 'member') {
        if (row.joined) this.people.greet(row.user);
        else if (row.user.id === this.session.user()?.id) this.lose(step.conversationId);
      }
    }
  }

  user(step: UserStep): void {
    this.conversations.applyUserStep(step);
    for (const change of step.changes) {
      if (change.type === 'conversationLost') this.lose(change.conversationId);
    }
  }

  lose(conversationId: string): void {
    this.conversations.lose(conversationId);
    this.messages.forget(conversationId);
    this.archive.lose(conversationId);
  }
}
