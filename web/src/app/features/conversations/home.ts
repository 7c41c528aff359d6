import { Component, inject } from '@angular/core';
import { RouterOutlet } from '@angular/router';
import { ServerStatus } from '../../core/auth/server-status';
import { Live } from '../../core/chat/live';
import { ConnectionBanner } from '../../core/layout/connection-banner';
import { TabBadge } from '../../core/notifications/tab-badge';
import { keepFiles } from '../../core/storage/offline-files';
import { DialogHost } from '../../core/layout/dialog-host';
import { TEXTS } from '../../shared/texts';
import { Sidebar } from './sidebar';

/** The application: conversations on the left, the open one on the right, on a phone one of them at a time. */
@Component({
  selector: 'app-home',
  imports: [ConnectionBanner, DialogHost, RouterOutlet, Sidebar],
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
  protected readonly texts = { skip: TEXTS.app.skipToComposer };

  constructor() {
    inject(Live);
    inject(TabBadge);
    void this.server.info();
    keepFiles();
  }

  protected skip(): void {
    document.querySelector<HTMLElement>('app-composer textarea')?.focus();
  }
}
