import { Component, effect, inject } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { Router, RouterOutlet } from '@angular/router';
import { ServerStatus } from './core/auth/server-status';
import { SessionStore } from './core/auth/session-store';
import { Unreachable } from './core/layout/unreachable';

@Component({
  selector: 'app-root',
  imports: [RouterOutlet, Unreachable],
  template: `
    @if (server.unreachable()) {
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

  constructor() {
    const session = inject(SessionStore);
    const router = inject(Router);
    const title = inject(Title);

    effect(() => {
      if (session.status() !== 'ended') return;
      void router.navigate(['/sign-in'], { queryParams: { back: router.url } });
    });

    effect(() => {
      title.setTitle(this.server.name());
    });
  }
}
