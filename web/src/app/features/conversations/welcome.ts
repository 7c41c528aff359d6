import { Component, computed, DOCUMENT, effect, inject } from '@angular/core';
import { Router } from '@angular/router';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { Dialogs } from '../../core/layout/dialogs';
import { TEXTS } from '../../shared/texts';

/** Where no conversation is open. With room beside the list, the newest one is opened right away. */
@Component({
  selector: 'app-welcome',
  template: `
    @if (empty()) {
      <img src="/favicon.svg" width="56" height="56" alt="" />
      <h2>{{ texts.alone }}</h2>
      <p>{{ session.isAdministrator() ? texts.aloneLead : texts.lead }}</p>
      <div class="actions">
        @if (session.isAdministrator()) {
          <button type="button" class="button primary" (click)="dialogs.show('invitePeople')">
            {{ texts.invite }}
          </button>
        }
        <button type="button" class="button" (click)="dialogs.show('browseChannels')">
          {{ texts.browse }}
        </button>
      </div>
    }
  `,
  styles: `
    :host {
      flex: 1;
      display: grid;
      align-content: center;
      justify-items: center;
      gap: var(--space-2);
      padding: var(--space-6);
      text-align: center;
      color: var(--fg-1);
    }
    // There the list itself is what one sees.
    @media (max-width: 759px) {
      :host {
        display: none;
      }
    }
    h2 {
      margin-top: var(--space-3);
      font-size: var(--text-title);
      color: var(--fg-0);
    }
    .actions {
      display: flex;
      flex-wrap: wrap;
      justify-content: center;
      gap: var(--space-2);
      margin-top: var(--space-4);
    }
  `,
})
export class Welcome {
  protected readonly session = inject(SessionStore);
  protected readonly dialogs = inject(Dialogs);
  private readonly conversations = inject(ConversationsStore);
  protected readonly texts = TEXTS.welcome;
  protected readonly empty = computed(
    () => this.conversations.loaded() && this.conversations.sorted().length === 0,
  );

  constructor() {
    const router = inject(Router);
    const wide = inject(DOCUMENT).defaultView?.matchMedia('(min-width: 760px)').matches;
    effect(() => {
      const newest = this.conversations.sorted()[0];
      if (wide && newest && this.conversations.loaded()) {
        void router.navigate(['/c', newest.id], { replaceUrl: true });
      }
    });
  }
}
