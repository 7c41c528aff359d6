import {
  Component,
  computed,
  effect,
  inject,
  input,
  output,
  signal,
  untracked,
} from '@angular/core';
import { toProblem } from '../../core/api/problem';
import { Message } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { Outbox } from '../../core/chat/outbox';
import { problemText, TEXTS } from '../../shared/texts';
import { MessageActions } from './message-actions';
import { MenuRequest } from './message-menu';
import { MessageRowView } from './message-row';
import { threadRows } from './timeline-rows';

/** The replies in the thread of a message, beneath it. */
@Component({
  selector: 'app-thread',
  imports: [MessageRowView],
  template: `
    @for (row of rows(); track row.key) {
      <app-message-row [row]="row" [connected]="connected()" (menu)="menu.emit($event)" />
    }
    @if (problem(); as sentence) {
      <p class="notice error" role="alert">{{ sentence }}</p>
    }
    @if (mayReply()) {
      <button type="button" class="link-button" (click)="actions.begin('thread', root())">
        {{ texts.replyInThread }}
      </button>
    }
  `,
  host: { role: 'group', '[attr.aria-label]': 'texts.thread' },
  styles: `
    :host {
      display: block;
      margin: 0 var(--space-4) var(--space-2) 64px;
      border-inline-start: 2px solid var(--line);
    }
    .link-button {
      min-height: 32px;
      margin-inline-start: var(--space-4);
      font-size: var(--text-small);
    }
    .notice {
      margin: var(--space-2) var(--space-4);
    }
    @media (max-width: 480px) {
      :host {
        margin-inline: 36px 0;
      }
    }
  `,
})
export class Thread {
  private readonly messages = inject(MessagesStore);
  private readonly outbox = inject(Outbox);
  private readonly session = inject(SessionStore);
  protected readonly actions = inject(MessageActions);

  readonly root = input.required<Message>();
  readonly connected = input(true);
  readonly menu = output<MenuRequest>();

  protected readonly texts = TEXTS.message;
  protected readonly problem = signal('');
  protected readonly mayReply = computed(() => this.actions.permissions(this.root()).thread);
  private readonly replies = computed(() => {
    const { conversationId, messageId } = this.root();
    return this.messages.threadOf(conversationId, messageId);
  });
  protected readonly rows = computed(() => {
    const { conversationId, messageId } = this.root();
    const outgoing = this.outbox
      .entriesOf(conversationId)
      .filter((entry) => entry.threadOf === messageId);
    return threadRows(this.replies(), outgoing, this.session.user()?.id ?? '');
  });
  /** Deleted replies are counted out by the server. */
  private readonly isWhole = computed(
    () =>
      this.replies().filter(({ deletedAt }) => !deletedAt).length >=
      (this.root().thread?.replyCount ?? 0),
  );

  constructor() {
    effect(() => {
      const { conversationId, messageId } = this.root();
      if (!this.isWhole()) untracked(() => void this.load(conversationId, messageId));
    });
  }

  private async load(conversationId: string, rootId: string): Promise<void> {
    this.problem.set('');
    try {
      await this.messages.loadThread(conversationId, rootId);
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
