import { Component, inject } from '@angular/core';
import { Router, RouterOutlet } from '@angular/router';
import { ServerStatus } from '../../core/auth/server-status';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { Live } from '../../core/chat/live';
import { ConnectionBanner } from '../../core/layout/connection-banner';
import { TabBadge } from '../../core/notifications/tab-badge';
import { keepFiles } from '../../core/storage/offline-files';
import { DialogHost } from '../../core/layout/dialog-host';
import { Dialogs } from '../../core/layout/dialogs';
import { WritingPlace } from '../../core/layout/writing-place';
import { TEXTS } from '../../shared/texts';
import { Sidebar } from './sidebar';

/** The application: conversations on the left, the open one on the right, on a phone one of them at a time. */
@Component({
  selector: 'app-home',
  imports: [ConnectionBanner, DialogHost, RouterOutlet, Sidebar],
  host: { '(document:keydown)': 'keydown($event)' },
  template: `
    <button type="button" class="skip button primary" (click)="skip()">{{ texts.skip }}</button>
    <app-connection-banner />
    <div class="columns">
      <app-sidebar />
      <main>
        <h1 class="visually-hidden">{{ server.name() }}</h1>
        <router-outlet />
      </main>
    </div>
    <app-dialog-host />
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      height: 100dvh;
    }
    .skip {
      position: absolute;
      z-index: 2;
      top: var(--space-2);
      left: var(--space-2);
    }
    .skip:not(:focus-visible) {
      clip-path: inset(50%);
      width: 1px;
      height: 1px;
      overflow: hidden;
    }
    .columns {
      flex: 1;
      min-height: 0;
      display: grid;
      grid-template-columns: var(--sidebar) minmax(0, 1fr);
    }
    main {
      display: flex;
      flex-direction: column;
      min-width: 0;
      min-height: 0;
    }
    @media (max-width: 759px) {
      .columns {
        grid-template: minmax(0, 1fr) auto / minmax(0, 1fr);
      }
      .columns:has(app-conversation-page) {
        grid-template-rows: minmax(0, 1fr);
      }
      .columns:has(app-conversation-page) app-sidebar {
        display: none;
      }
    }
  `,
})
export class Home {
  protected readonly server = inject(ServerStatus);
  private readonly dialogs = inject(Dialogs);
  private readonly conversations = inject(ConversationsStore);
  private readonly router = inject(Router);
  private readonly writingPlace = inject(WritingPlace);
  protected readonly texts = { skip: TEXTS.app.skipToComposer };

  constructor() {
    inject(Live);
    inject(TabBadge);
    void this.server.info();
    keepFiles();
  }

  protected keydown(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const isBusy = this.dialogs.open() !== undefined;
    if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === 'k') {
      if (!isBusy) this.dialogs.show('switcher');
    } else if (altKey && !ctrlKey && (key === 'ArrowUp' || key === 'ArrowDown') && !isBusy) {
      this.step(key === 'ArrowUp' ? -1 : 1);
    } else if (key === '?' && !isBusy && !isWriting(event.target)) {
      this.dialogs.show('shortcuts');
    } else return;
    event.preventDefault();
  }

  /** To the conversation above or below the open one. */
  private step(by: number): void {
    const ids = this.conversations.sorted().map(({ id }) => id);
    const open = /^\/c\/([^/?]+)/.exec(this.router.url)?.[1];
    const next = ids[open === undefined ? 0 : ids.indexOf(open) + by];
    if (next) void this.router.navigate(['/c', next]);
  }

  protected skip(): void {
    this.writingPlace.focus();
  }
}

/** Single keys belong to whoever is writing. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null;
}
