import { Component, computed, inject, input } from '@angular/core';
import { Message } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { PeopleStore } from '../../core/chat/people-store';
import { TEXTS } from '../../shared/texts';
import { MessageActions } from './message-actions';

/** What people have put beneath a message. Pressing one adds or takes away one's own. */
@Component({
  selector: 'app-reactions',
  template: `
    @for (reaction of reactions(); track reaction.emoji) {
      <button
        type="button"
        [attr.aria-pressed]="reaction.own"
        [attr.aria-label]="reaction.label"
        [title]="reaction.label"
        (click)="actions.toggleReaction(message(), reaction.emoji)"
      >
        <span aria-hidden="true">{{ reaction.emoji }}</span>
        <span class="count">{{ reaction.count }}</span>
      </button>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-wrap: wrap;
      gap: var(--space-1);
      margin: 2px 0;
    }
    button {
      display: inline-flex;
      align-items: center;
      gap: var(--space-1);
      min-width: 24px;
      min-height: 26px;
      padding: 0 var(--space-2);
      border: 1px solid var(--line);
      border-radius: var(--radius-full);
      background: var(--bg-1);
      font-size: var(--text-small);
      transition: background var(--fast) ease-out;
    }
    button:hover {
      border-color: var(--line-strong);
    }
    button[aria-pressed='true'] {
      border-color: var(--accent);
      background: var(--accent-soft);
      color: var(--accent);
    }
    .count {
      font-weight: var(--weight-medium);
      font-variant-numeric: tabular-nums;
    }
    @media (pointer: coarse) {
      button {
        min-height: 36px;
      }
    }
  `,
})
export class Reactions {
  private readonly people = inject(PeopleStore);
  private readonly session = inject(SessionStore);
  protected readonly actions = inject(MessageActions);
  readonly message = input.required<Message>();

  protected readonly reactions = computed(() => {
    const ownId = this.session.user()?.id ?? '';
    return (this.message().reactions ?? []).map(({ emoji, userIds }) => ({
      emoji,
      count: userIds.length,
      own: userIds.includes(ownId),
      label: TEXTS.message.reaction(emoji, this.names(userIds, ownId)),
    }));
  });

  private names(userIds: readonly string[], ownId: string): string[] {
    return userIds.map((id) =>
      id === ownId
        ? TEXTS.message.you
        : (this.people.find(id)?.displayName ?? TEXTS.conversation.somebody),
    );
  }
}
