import { computed, effect, inject, Injectable, signal, untracked } from '@angular/core';
import { User } from '../api/generated/models';
import { PeopleStore } from './people-store';
import { PresenceStore } from './presence-store';

const PAUSE_MS = 200;

/** A search for people while somebody types. Provided by the component that shows it. */
@Injectable()
export class PeopleSearch {
  private readonly people = inject(PeopleStore);
  private readonly presence = inject(PresenceStore);
  private readonly found = signal<readonly User[]>([]);
  private readonly loadingSignal = signal(true);
  private readonly failedSignal = signal(false);
  private latest = 0;

  readonly query = signal('');
  readonly loading = this.loadingSignal.asReadonly();
  readonly failed = this.failedSignal.asReadonly();
  readonly options = computed(() =>
    this.found().map((user) => {
      const state = this.presence.stateOf(user.id);
      return { ...user, ...(state ? { state } : {}) };
    }),
  );

  constructor() {
    this.presence.show(computed(() => this.found().map((user) => user.id)));
    effect((onCleanup) => {
      const query = this.query().trim();
      const timer = setTimeout(() => void this.run(query), query ? PAUSE_MS : 0);
      onCleanup(() => {
        clearTimeout(timer);
      });
      untracked(() => this.loadingSignal.set(true));
    });
  }

  private async run(query: string): Promise<void> {
    const mine = ++this.latest;
    try {
      const users = await this.people.search(query);
      if (mine !== this.latest) return;
      this.found.set(users);
      this.failedSignal.set(false);
    } catch {
      if (mine === this.latest) this.failedSignal.set(true);
    } finally {
      if (mine === this.latest) this.loadingSignal.set(false);
    }
  }
}
