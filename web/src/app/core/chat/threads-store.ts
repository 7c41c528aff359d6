import { computed, inject, Service, signal } from '@angular/core';
import { ConversationsApi } from '../api/conversations-api';
import { FollowedThread, ThreadState } from '../api/generated/models';

/** Threads are asked for this long after the first reply that may have changed what is counted of them. */
const COUNT_AFTER_MS = 400;
/** Seeing is told at most this often. */
const SEEN_INTERVAL_MS = 1_000;

/** The threads that one follows, how far each was read, and how much is new: counted by the server, apart from all else. */
@Service()
export class ThreadsStore {
  private readonly api = inject(ConversationsApi);
  private readonly states = signal<ReadonlyMap<string, ThreadState>>(new Map());
  private readonly listed = signal<readonly FollowedThread[]>([]);
  private readonly loadedSignal = signal(false);
  private timer?: ReturnType<typeof setTimeout>;
  private readonly seenUpTo = new Map<string, number>();
  private readonly telling = new Set<string>();

  readonly loaded = this.loadedSignal.asReadonly();
  /** Those followed, the newest reply first, with their counts as they are known now. */
  readonly followed = computed(() =>
    this.listed().flatMap((thread) => {
      const state = this.states().get(thread.rootId) ?? thread;
      return state.following ? [{ ...thread, ...state }] : [];
    }),
  );
  readonly unreadThreads = computed(
    () => this.followed().filter(({ unreadCount }) => unreadCount > 0).length,
  );

  find(rootId: string): ThreadState | undefined {
    return this.states().get(rootId);
  }

  async load(): Promise<void> {
    const threads = await this.api.threads();
    this.listed.set(threads);
    this.states.update((known) => {
      const states = new Map(known);
      for (const { root: _root, ...state } of threads) states.set(state.rootId, state);
      return states;
    });
    this.loadedSignal.set(true);
  }

  /** The server says so, as an event or as an answer. */
  apply({ conversationId, rootId, following, lastReadSeq, unreadCount }: ThreadState): void {
    const state = { conversationId, rootId, following, lastReadSeq, unreadCount };
    this.states.update((known) => new Map(known).set(rootId, state));
    const isListed = this.listed().some((thread) => thread.rootId === rootId);
    if (following && !isListed) this.askSoon();
  }

  /** Somebody else has replied somewhere: what is new can only be counted by the server. */
  replied(): void {
    this.askSoon();
  }

  /** What was missed may have changed anything. */
  askSoon(): void {
    if (!this.loadedSignal()) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.load().catch(() => undefined);
    }, COUNT_AFTER_MS);
  }

  forgetAll(): void {
    this.states.set(new Map());
    this.listed.set([]);
    this.loadedSignal.set(false);
  }

  async follow(conversationId: string, rootId: string, following: boolean): Promise<void> {
    this.apply(await this.api.followThread(conversationId, rootId, following));
  }

  /** The replies up to this one were seen. */
  seen(conversationId: string, rootId: string, seq: number): void {
    const known = Math.max(this.find(rootId)?.lastReadSeq ?? 0, this.seenUpTo.get(rootId) ?? 0);
    if (seq <= known) return;
    this.seenUpTo.set(rootId, seq);
    if (this.telling.has(rootId)) return;
    this.telling.add(rootId);
    void this.tell(conversationId, rootId);
  }

  private async tell(conversationId: string, rootId: string): Promise<void> {
    try {
      await this.api.markThreadRead(conversationId, rootId, this.seenUpTo.get(rootId) ?? 0);
    } catch {
      // Told again with the next reply, or when the thread is opened again.
      this.seenUpTo.delete(rootId);
    }
    const told = this.seenUpTo.get(rootId);
    setTimeout(() => {
      this.telling.delete(rootId);
      const seq = this.seenUpTo.get(rootId) ?? 0;
      if (told !== undefined && seq > told) {
        this.telling.add(rootId);
        void this.tell(conversationId, rootId);
      }
    }, SEEN_INTERVAL_MS);
  }
}
