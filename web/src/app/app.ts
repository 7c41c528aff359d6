import { Component, effect, inject } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { Router, RouterOutlet } from '@angular/router';
import { ServerStatus } from './core/auth/server-status';
import { SessionStore } from './core/auth/session-store';
import { PageTitle } from './core/layout/page-title';
import { Unreachable } from './core/layout/unreachable';

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
    const pageTitle = inject(PageTitle);

    effect(() => {
      if (session.status() !== 'ended') return;
      void router.navigate(['/sign-in'], { queryParams: { back: router.url } });
    });

    effect(() => {
      title.setTitle(pageTitle.text());
    });
  }
}
