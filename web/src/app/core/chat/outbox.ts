import { computed, inject, Service, signal } from '@angular/core';
import { isTransient, Problem, toProblem } from '../api/problem';
import { SessionStore } from '../auth/session-store';
import { backoffMs } from '../realtime/backoff';
import { ChatHub } from '../realtime/chat-hub';
import { Leadership } from '../realtime/leadership';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { tabChannel } from '../realtime/tab-channel';
import { Wake } from '../realtime/wake';
import { OutboxStorage } from '../storage/outbox-storage';
import { newClientId } from './client-id';
import { MessagesStore } from './messages-store';
import {
  acknowledged,
  inState,
  isStale,
  isUnderWay,
  nextOf,
  Outgoing,
  OutgoingEntry,
  refused,
  removed,
  retried,
  STALE,
  timeAfter,
  withEntry,
  withKept,
} from './outbox-queue';

/** Refusals of the caller, not of the message: it goes out after the next sign-in. */
const NOT_SIGNED_IN = new Set(['unauthenticated', 'token_expired', 'session_revoked']);

/** What a message answers, and the thread that it is for. */
export type OutgoingPlace = Pick<OutgoingEntry, 'replyTo' | 'threadOf'>;

/** What became of a message, told to the other tabs of the same person. */
type OutboxNews = { userId: string } & ({ put: OutgoingEntry } | { removed: string });

/**
 * Takes over what the composer was given, and repeats each message under its client id until the server has
 * acknowledged or refused it. Losing the connection, the page or the sign-in loses nothing here. All tabs show the
 * same outbox; the leading one sends.
 */
@Service()
export class Outbox {
  private readonly hub = inject(ChatHub);
  private readonly connection = inject(RealtimeConnection);
  private readonly leadership = inject(Leadership);
  private readonly messages = inject(MessagesStore);
  private readonly session = inject(SessionStore);
  private readonly storage = inject(OutboxStorage);
  private readonly wake = inject(Wake);
  private readonly otherTabs = tabChannel<OutboxNews>('hubbub.outbox');
  private readonly entries = signal<Outgoing>([]);
  private readonly sending = new Set<string>();
  /** Before it is known what is still waiting, nothing new may overtake it. */
  private isLoaded = false;

  /** How many messages are under way to the server. */
  readonly waitingCount = computed(() => this.entries().filter(isUnderWay).length);
  /** What would be lost if everything here were deleted. */
  readonly unsentCount = computed(
    () => this.entries().filter(({ state }) => state !== 'sent').length,
  );
  /** What waited for so long that somebody has to say whether it is still to be sent. */
  readonly stale = computed(() => this.entries().filter(({ problem }) => problem === STALE));

  constructor() {
    this.otherTabs.listen((news) => {
      if (news.userId === this.session.user()?.id) this.hear(news);
    });
    this.leadership.onGained(() => void this.resume());
  }

  entriesOf(conversationId: string): Outgoing {
    return this.entries().filter((entry) => entry.conversationId === conversationId);
  }

  send(conversationId: string, body: string, place: OutgoingPlace = {}): void {
    const entry: OutgoingEntry = {
      clientId: newClientId(),
      conversationId,
      body,
      ...place,
      queuedAt: timeAfter(this.entries(), Date.now()),
      state: 'queued',
    };
    this.update((entries) => withEntry(entries, entry));
    void this.drain(conversationId);
  }

  retry(entry: OutgoingEntry): void {
    this.update((entries) => retried(entries, entry.clientId, Date.now()));
    void this.drain(entry.conversationId);
  }

  discard(entry: OutgoingEntry): void {
    this.update((entries) => removed(entries, entry.clientId));
  }

  /** The message came back as an event or in a page: the log shows it now. */
  arrived(clientId: string): void {
    if (this.entries().some((entry) => entry.clientId === clientId)) {
      this.update((entries) => removed(entries, clientId));
    }
  }

  /** After signing in, and on becoming the tab that sends: takes up what there still is to send. */
  async resume(): Promise<void> {
    const userId = this.session.user()?.id;
    if (!userId) return;
    const kept = await this.storage.load(userId);
    const before = new Map(this.entries().map((entry) => [entry.clientId, entry]));
    this.entries.update((entries) => withKept(entries, kept));
    for (const entry of this.entries()) {
      if ((before.get(entry.clientId) ?? entry) !== entry) this.publish(userId, entry);
    }
    this.isLoaded = true;
    for (const conversationId of new Set(this.entries().map((entry) => entry.conversationId))) {
      void this.drain(conversationId);
    }
  }

  private async drain(conversationId: string): Promise<void> {
    const isMine = this.leadership.leads() && this.isLoaded;
    if (!isMine || this.sending.has(conversationId)) return;
    this.sending.add(conversationId);
    try {
      for (let attempt = 0; nextOf(this.entries(), conversationId);) {
        await this.connection.whenConnected();
        const connection = this.connection.count;
        // Read after the wait: what was next may have been discarded meanwhile.
        const entry = nextOf(this.entries(), conversationId);
        if (!entry || (await this.deliver(entry))) attempt = 0;
        // Compared, not heard of: a connection that came while the last one failed has roused nobody here.
        else if (this.connection.count !== connection) attempt = 0;
        else await this.wake.within(backoffMs(attempt++));
      }
    } finally {
      this.sending.delete(conversationId);
    }
  }

  /** One attempt; false when there was no answer and the message has to be sent again. */
  private async deliver(entry: OutgoingEntry): Promise<boolean> {
    const { clientId, conversationId, body, replyTo, threadOf } = entry;
    if (isStale(entry, Date.now())) {
      this.update((entries) => refused(entries, clientId, STALE));
      return true;
    }
    this.update((entries) => inState(entries, clientId, 'sending'));
    try {
      const receipt = await this.hub.sendMessage({
        conversationId,
        clientId,
        body,
        ...(replyTo ? { replyTo: replyTo.messageId } : {}),
        ...(threadOf ? { threadOf } : {}),
      });
      this.update((entries) => acknowledged(entries, receipt));
      const senderId = this.session.user()?.id ?? '';
      this.messages.applyReceipt(receipt, { senderId, body, replyTo, threadOf });
      this.dropArrived(conversationId);
      return true;
    } catch (error) {
      const problem = toProblem(error);
      const isFinal = !mayRepeat(problem);
      this.update((entries) =>
        isFinal ? refused(entries, clientId, problem.code) : inState(entries, clientId, 'queued'),
      );
      return isFinal;
    }
  }

  /** Rows that the log has taken over need no second one here. */
  private dropArrived(conversationId: string): void {
    const known = this.messages.messagesOf(conversationId).log?.messages ?? [];
    const arrived = new Set(known.slice(-100).map((message) => message.clientId));
    this.update((entries) => entries.filter((entry) => !arrived.has(entry.clientId)));
  }

  private hear(news: OutboxNews): void {
    if ('removed' in news) {
      this.entries.update((entries) => removed(entries, news.removed));
      return;
    }
    this.entries.update((entries) => withEntry(entries, news.put));
    if (isUnderWay(news.put)) void this.drain(news.put.conversationId);
  }

  /** Changes the entries here, on the disk and in the other tabs. */
  private update(change: (entries: Outgoing) => Outgoing): void {
    const before = this.entries();
    const after = change(before);
    this.entries.set(after);
    const userId = this.session.user()?.id;
    if (!userId) return;
    const known = new Map(before.map((entry) => [entry.clientId, entry]));
    for (const entry of after) {
      if (known.get(entry.clientId) !== entry) this.publish(userId, entry);
      known.delete(entry.clientId);
    }
    for (const clientId of known.keys()) {
      void this.storage.remove(userId, clientId);
      this.otherTabs.post({ userId, removed: clientId });
    }
  }

  /** What the server has needs no place on the disk any more. */
  private publish(userId: string, entry: OutgoingEntry): void {
    if (entry.state === 'sent') void this.storage.remove(userId, entry.clientId);
    else void this.storage.put(userId, entry);
    this.otherTabs.post({ userId, put: entry });
  }
}

function mayRepeat(problem: Problem): boolean {
  return isTransient(problem) || NOT_SIGNED_IN.has(problem.code);
}
