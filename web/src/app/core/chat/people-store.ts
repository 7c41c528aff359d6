import { computed, inject, Service, signal } from '@angular/core';
import { PeopleApi } from '../api/people-api';
import { User } from '../api/generated/models';
import { SessionStore } from '../auth/session-store';

const PAGE = 50;

/** Everybody whose name the page has needed so far, and the beginning of the server's directory. */
@Service()
export class PeopleStore {
  private readonly api = inject(PeopleApi);
  private readonly session = inject(SessionStore);
  private readonly users = signal<ReadonlyMap<string, User>>(new Map());
  private readonly directoryIds = signal<readonly string[]>([]);
  private readonly asked = new Set<string>();

  /** The first people of the server by username, oneself left out. */
  readonly directory = computed(() =>
    this.directoryIds().flatMap((id) => {
      const user = this.find(id);
      return user && user.id !== this.session.user()?.id ? [user] : [];
    }),
  );

  /** All that are known, to be kept for the next visit. */
  readonly everybody = this.users.asReadonly();

  /** A signal read: what shows a person's name is redrawn when the name is learnt. */
  find(id: string): User | undefined {
    const self = this.session.user();
    return self?.id === id ? self : this.users().get(id);
  }

  /** Somebody new on this server, who would be in the directory if it were read again. */
  greet(user: User): void {
    this.remember([user]);
    if (this.directoryIds().includes(user.id) || this.directoryIds().length >= PAGE) return;
    this.directoryIds.update((ids) => [...ids, user.id]);
  }

  remember(users: readonly User[]): void {
    const known = this.users();
    if (users.every((user) => sameUser(known.get(user.id), user))) return;
    this.users.update((all) => new Map([...all, ...users.map((user) => [user.id, user] as const)]));
  }

  /** Asks for the names of people met in a conversation, each once. */
  async ensure(ids: Iterable<string>): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.find(id) && !this.asked.has(id));
    for (const id of unknown) this.asked.add(id);
    await Promise.all(
      unknown.map(async (id) => {
        try {
          this.remember([await this.api.get(id)]);
        } catch {
          this.asked.delete(id);
        }
      }),
    );
  }

  async loadDirectory(): Promise<void> {
    const page = await this.api.list({ limit: PAGE });
    this.remember(page.users);
    this.directoryIds.set(page.users.map((user) => user.id));
  }

  /** People whose name or username matches, oneself left out. */
  async search(query: string): Promise<User[]> {
    const page = await this.api.list(query ? { query, limit: PAGE } : { limit: PAGE });
    this.remember(page.users);
    return page.users.filter((user) => user.id !== this.session.user()?.id);
  }
}

function sameUser(known: User | undefined, user: User): boolean {
  return (
    known?.displayName === user.displayName &&
    known.username === user.username &&
    known.role === user.role
  );
}
