import { Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Icon } from '../../shared/icon/icon';
import { ConversationSummary } from '../../core/api/generated/models';
import { conversationName, conversationSign } from '../../core/chat/conversation-name';
import { PresenceStore } from '../../core/chat/presence-store';
import { Clock } from '../../core/layout/clock';
import { Dialogs } from '../../core/layout/dialogs';
import { Avatar } from '../../shared/avatar/avatar';
import { PresenceDot } from '../../shared/presence-dot/presence-dot';
import { TEXTS } from '../../shared/texts';

/** Whose conversation this is, and the way to its members. */
@Component({
  selector: 'app-conversation-header',
  imports: [Avatar, Icon, PresenceDot, RouterLink],
  template: `
    <a class="icon-button back" routerLink="/" [attr.aria-label]="texts.back">
      <app-icon name="back" [size]="20" />
    </a>
    <app-avatar [name]="name()" [seed]="seed()" [kind]="sign()" [size]="32" />
    <div class="title">
      <h2>
        <bdi>{{ name() }}</bdi>
        @if (conversation().peer) {
          <app-presence-dot [state]="presence()" />
        }
      </h2>
      @if (subtitle(); as subtitle) {
        <p dir="auto">{{ subtitle }}</p>
      }
    </div>
    <button
      type="button"
      class="icon-button"
      [attr.aria-label]="pinsTitle"
      [title]="pinsTitle"
      (click)="showPins()"
    >
      <app-icon name="pin" [size]="18" />
    </button>
    @if (conversation().peer) {
      <button
        type="button"
        class="icon-button"
        [attr.aria-label]="settingsTitle"
        [title]="settingsTitle"
        (click)="showSettings()"
      >
        <app-icon name="follow" [size]="18" />
      </button>
    }
    @if (!conversation().peer) {
      <button
        type="button"
        class="button small members"
        [attr.aria-label]="texts.showMembers + ': ' + members()"
        [title]="texts.showMembers"
        (click)="showMembers()"
      >
        <app-icon name="group" [size]="16" />
        {{ conversation().memberCount }}
      </button>
    }
  `,
  styleUrl: './conversation-header.scss',
})
export class ConversationHeader {
  private readonly dialogs = inject(Dialogs);
  private readonly presences = inject(PresenceStore);
  private readonly clock = inject(Clock);
  readonly conversation = input.required<ConversationSummary>();

  protected readonly texts = TEXTS.conversation;
  protected readonly pinsTitle = TEXTS.pins.title;
  protected readonly settingsTitle = TEXTS.members.notifications;
  protected readonly name = computed(() => conversationName(this.conversation()));
  protected readonly sign = computed(() => conversationSign(this.conversation()));
  protected readonly seed = computed(() => this.conversation().peer?.id ?? this.conversation().id);
  protected readonly members = computed(() => this.texts.members(this.conversation().memberCount));
  protected readonly subtitle = computed(() => {
    const { peer, topic } = this.conversation();
    if (!peer) return topic ?? '';
    const lastSeen = this.presences.lastSeenOf(peer.id);
    return (
      this.presences.statusOf(peer.id) ??
      (lastSeen && TEXTS.status.lastSeen(lastSeen, this.clock.now())) ??
      `@${peer.username}`
    );
  });
  protected readonly presence = computed(() => {
    const { peer } = this.conversation();
    return peer && this.presences.stateOf(peer.id);
  });

  protected showSettings(): void {
    this.dialogs.show('directSettings', { conversationId: this.conversation().id });
  }

  protected showPins(): void {
    this.dialogs.show('pins', { conversationId: this.conversation().id });
  }

  protected showMembers(): void {
    this.dialogs.show('members', { conversationId: this.conversation().id });
  }
}
