import { Component, computed, effect, inject } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { Router, RouterOutlet } from '@angular/router';
import { ServerStatus } from './core/auth/server-status';
import { SessionStore } from './core/auth/session-store';
import { ConversationsStore } from './core/chat/conversations-store';
import { Unreachable } from './core/layout/unreachable';
import { badge } from './shared/texts';

@Component({
  selector: 'app-root',
  imports: [RouterOutlet, Unreachable],
  template: `
    @if (server.unreachable() && !session.signedIn()) {
      <app-unreachable />
    }
    <router-outlet />
  `,
  styles: `
    :host {
      display: block;
      height: 100%;
    }
  `,
})
export class App {
  protected readonly server = inject(ServerStatus);
  protected readonly session = inject(SessionStore);

  constructor() {
    const { session } = this;
    const router = inject(Router);
    const title = inject(Title);
    const conversations = inject(ConversationsStore);

    effect(() => {
      if (session.status() !== 'ended') return;
      void router.navigate(['/sign-in'], { queryParams: { back: router.url } });
    });

    const heading = computed(() => {
      const unread = conversations.unreadTotal();
      return unread > 0 ? `(${badge(unread)}) ${this.server.name()}` : this.server.name();
    });
    effect(() => {
      title.setTitle(heading());
    });
  }
}
