import { computed, inject, Service, signal } from '@angular/core';
import { ServerStatus } from '../auth/server-status';

/** What the browser's tab is called: the server's name, and what calls for attention before it. */
@Service()
export class PageTitle {
  private readonly server = inject(ServerStatus);
  private readonly badge = signal('');

  readonly text = computed(() => {
    const badge = this.badge();
    return badge ? `(${badge}) ${this.server.name()}` : this.server.name();
  });

  setBadge(badge: string): void {
    this.badge.set(badge);
  }
}
