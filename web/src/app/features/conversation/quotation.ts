import { Component, computed, effect, inject, input, output, untracked } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { ReplyReference } from '../../core/api/generated/models';
import { MessagesStore } from '../../core/chat/messages-store';
import { PeopleStore } from '../../core/chat/people-store';
import { excerpt, TEXTS } from '../../shared/texts';

/** The line above a reply that says what it answers; leads there if that is loaded. */
@Component({
  selector: 'app-quotation',
  imports: [Icon],
  template: `
    <button type="button" (click)="jump.emit(reference())" [title]="texts.jumpTo">
      <app-icon name="reply" [size]="14" />
      <bdi class="author">{{ author() }}</bdi>
      <span class="text" dir="auto">{{ text() }}</span>
    </button>
  `,
  styles: `
    :host {
      display: block;
    }
    button {
      display: flex;
      align-items: center;
      gap: var(--space-1);
      max-width: 100%;
      min-height: 24px;
      border-radius: var(--radius-1);
      color: var(--fg-2);
      font-size: var(--text-small);
      line-height: 1.25rem;
      text-align: start;
    }
    button:hover .text {
      color: var(--fg-0);
    }
    .author {
      flex: none;
      max-width: 40%;
      overflow: hidden;
      text-overflow: ellipsis;
      font-weight: var(--weight-medium);
      white-space: nowrap;
    }
    .text {
      min-width: 0;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  `,
})
export class Quotation {
  private readonly messages = inject(MessagesStore);
  private readonly people = inject(PeopleStore);
  readonly conversationId = input.required<string>();
  readonly reference = input.required<ReplyReference>();
  readonly jump = output<ReplyReference>();

  protected readonly texts = TEXTS.message;
  private readonly quoted = computed(() => {
    const { messageId, seq } = this.reference();
    return this.messages.find(this.conversationId(), messageId, seq);
  });
  protected readonly author = computed(
    () => this.people.find(this.reference().senderId)?.displayName ?? TEXTS.conversation.somebody,
  );
  protected readonly text = computed(() => {
    const quoted = this.quoted();
    if (!quoted) return '…';
    return quoted.deletedAt ? this.texts.deleted : excerpt(quoted.body);
  });

  constructor() {
    effect(() => {
      const id = this.conversationId();
      const { messageId } = this.reference();
      if (this.quoted()) return;
      untracked(() => void this.messages.loadMessage(id, messageId).catch(() => undefined));
    });
  }
}
