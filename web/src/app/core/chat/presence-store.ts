import {
  computed,
  DestroyRef,
  effect,
  inject,
  Service,
  Signal,
  signal,
  untracked,
} from '@angular/core';
import { Presence, PresenceState } from '../api/events';
import { ChatHub } from '../realtime/chat-hub';
import { RealtimeConnection } from '../realtime/realtime-connection';

/** The server answers for at most this many people. */
const WATCH_LIMIT = 200;

/** Who is here, of the people that the page shows. A hint: unknown while there is no connection. */
@Service()
export class PresenceStore {
  private readonly hub = inject(ChatHub);
  private readonly connection = inject(RealtimeConnection);
  private readonly known = signal<ReadonlyMap<string, Presence>>(new Map());
  private readonly interests = signal<readonly Signal<readonly string[]>[]>([]);
  private watched = new Set<string>();

  private readonly wanted = computed(() =>
    [...new Set(this.interests().flatMap((ids) => ids()))].slice(0, WATCH_LIMIT),
  );

  constructor() {
    effect(() => {
      const wanted = this.wanted();
      const connected = this.connection.status() === 'connected';
      untracked(() => {
        if (connected) this.watch(wanted);
        else this.beginAnew();
      });
    });
  }

  stateOf(userId: string): PresenceState | undefined {
    const state = this.known().get(userId)?.state;
    return state === 'unknown' ? undefined : state;
  }

  /** What they say of themselves, in one line. */
  statusOf(userId: string): string | undefined {
    const { emoji, text } = this.known().get(userId)?.status ?? {};
    return [emoji, text].filter(Boolean).join(' ') || undefined;
  }

  /** When somebody who is away altogether was here last, if that is known. */
  lastSeenOf(userId: string): Date | undefined {
    const known = this.known().get(userId);
    return known?.state === 'offline' && known.lastSeen ? new Date(known.lastSeen) : undefined;
  }

  /** While the caller lives, these people are watched. Call where components are made. */
  show(userIds: Signal<readonly string[]>): void {
    this.interests.update((all) => [...all, userIds]);
    inject(DestroyRef).onDestroy(() => {
      this.interests.update((all) => all.filter((ids) => ids !== userIds));
    });
  }

  apply(presence: Presence): void {
    const present = this.known().get(presence.userId);
    const stale = present && present.version > presence.version;
    if (stale && presence.state !== 'unknown') return;
    this.known.update((known) => new Map(known).set(presence.userId, presence));
  }

  /** The connection has been away for long enough that what is known of others is no longer true. */
  forget(): void {
    this.known.set(new Map());
  }

  /** The next connection may be to a server that counts versions afresh; what it says holds. */
  private beginAnew(): void {
    this.watched = new Set();
    this.known.update(
      (known) => new Map([...known].map(([id, presence]) => [id, { ...presence, version: -1 }])),
    );
  }

  private watch(wanted: readonly string[]): void {
    const gained = wanted.filter((id) => !this.watched.has(id));
    const lost = [...this.watched].filter((id) => !wanted.includes(id));
    this.watched = new Set(wanted);
    if (lost.length > 0) this.hub.unwatchPresence(lost).catch(() => undefined);
    if (gained.length === 0) return;
    this.hub.watchPresence(gained).then(
      (states) => {
        for (const state of states) this.apply(state);
      },
      () => {
        for (const id of gained) this.watched.delete(id);
      },
    );
  }
}
