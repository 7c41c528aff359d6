import { Component, computed, inject, input } from '@angular/core';
import { ConversationSummary } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { conversationName, conversationSign } from '../../core/chat/conversation-name';
import { Dialogs } from '../../core/layout/dialogs';
import { Avatar } from '../../shared/avatar/avatar';
import { TEXTS } from '../../shared/texts';

/** Stands above the very first message: what this conversation is, and, while it is empty, what to do. */
@Component({
  selector: 'app-beginning',
  imports: [Avatar],
  template: `
    @if (conversation(); as conversation) {
      <app-avatar [name]="name()" [seed]="seed()" [kind]="sign()" [size]="56" />
      <h3>
        <bdi>{{ name() }}</bdi>
      </h3>
      <p>{{ sentence() }}</p>
      @if (empty()) {
        <p>{{ alone() ? texts.beginAlone : texts.beginHint }}</p>
        @if (alone() && session.isAdministrator()) {
          <button type="button" class="button primary" (click)="dialogs.show('invitePeople')">
            {{ actions.invite }}
          </button>
        }
      }
    }
  `,
  styles: `
    :host {
      display: block;
      padding: var(--space-8) var(--space-4) var(--space-2);
      color: var(--fg-1);
    }
    h3 {
      margin: var(--space-3) 0 var(--space-1);
      font-size: var(--text-display);
      line-height: 2rem;
      letter-spacing: -0.015em;
      color: var(--fg-0);
      overflow-wrap: anywhere;
    }
    p {
      max-width: 60ch;
    }
    .button {
      margin: var(--space-4) 0 var(--space-2);
    }
  `,
})
export class Beginning {
  protected readonly session = inject(SessionStore);
  protected readonly dialogs = inject(Dialogs);
  readonly conversation = input.required<ConversationSummary | undefined>();
  readonly empty = input.required<boolean>();

  protected readonly texts = TEXTS.conversation;
  protected readonly actions = { invite: TEXTS.welcome.invite };
  protected readonly name = computed(() => {
    const conversation = this.conversation();
    return conversation ? conversationName(conversation) : '';
  });
  protected readonly seed = computed(
    () => this.conversation()?.peer?.id ?? this.conversation()?.id ?? '',
  );
  protected readonly sign = computed(() => {
    const conversation = this.conversation();
    return conversation ? conversationSign(conversation) : 'group';
  });
  protected readonly alone = computed(() => this.conversation()?.memberCount === 1);
  protected readonly sentence = computed(() => {
    switch (this.conversation()?.kind) {
      case 'direct':
        return this.texts.beginDirect(this.name());
      case 'channel':
        return this.texts.beginChannel(this.name());
      default:
        return this.texts.beginGroup(this.name());
    }
  });
}
