import { computed, inject, Service, signal } from '@angular/core';
import { isTransient, Problem, toProblem } from '../api/problem';
import { SessionStore } from '../auth/session-store';
import { backoffMs } from '../realtime/backoff';
import { ChatHub } from '../realtime/chat-hub';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { Wake } from '../realtime/wake';
import { newClientId } from './client-id';
import { MessagesStore } from './messages-store';
import {
  acknowledged,
  isStale,
  nextOf,
  Outgoing,
  OutgoingEntry,
  refused,
  removed,
  retried,
  STALE,
} from './outbox-queue';
import { keep, recall } from './tab-memory';

const MEMORY_KEY = 'hubbub.outbox';
/** Refusals of the caller, not of the message: it goes out after the next sign-in. */
const NOT_SIGNED_IN = new Set(['unauthenticated', 'token_expired', 'session_revoked']);

/** What a message answers, and the thread that it is for. */
export type OutgoingPlace = Pick<OutgoingEntry, 'replyTo' | 'threadOf'>;

/**
 * Takes over what the composer was given, and repeats each message under its client id until the server has
 * acknowledged or refused it. Losing the connection loses nothing here.
 */
@Service()
export class Outbox {
  private readonly hub = inject(ChatHub);
  private readonly connection = inject(RealtimeConnection);
  private readonly messages = inject(MessagesStore);
  private readonly session = inject(SessionStore);
  private readonly wake = inject(Wake);
  private readonly entries = signal<Outgoing>([]);
  private readonly sending = new Set<string>();

  /** How many messages the server does not have yet. */
  readonly waitingCount = computed(
    () => this.entries().filter((entry) => entry.state === 'waiting').length,
  );

  entriesOf(conversationId: string): Outgoing {
    return this.entries().filter((entry) => entry.conversationId === conversationId);
  }

  send(conversationId: string, body: string, place: OutgoingPlace = {}): void {
    const entry: OutgoingEntry = {
      clientId: newClientId(),
      conversationId,
      body,
      ...place,
      queuedAt: Date.now(),
      state: 'waiting',
    };
    this.update((entries) => [...entries, entry]);
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

  /** After signing in: takes up what this tab still had to send. */
  resume(): void {
    const userId = this.session.user()?.id;
    if (!userId) return;
    if (this.entries().length === 0) {
      this.entries.set(recall<Outgoing>(MEMORY_KEY, userId) ?? []);
    }
    for (const { conversationId } of this.entries()) void this.drain(conversationId);
  }

  private async drain(conversationId: string): Promise<void> {
    if (this.sending.has(conversationId)) return;
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
    if (isStale(entry, Date.now())) {
      this.update((entries) => refused(entries, entry.clientId, STALE));
      return true;
    }
    const { clientId, conversationId, body, replyTo, threadOf } = entry;
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
      if (mayRepeat(problem)) return false;
      this.update((entries) => refused(entries, clientId, problem.code));
      return true;
    }
  }

  /** Rows that the log has taken over need no second one here. */
  private dropArrived(conversationId: string): void {
    const known = this.messages.messagesOf(conversationId).log?.messages ?? [];
    const arrived = new Set(known.slice(-100).map((message) => message.clientId));
    this.update((entries) => entries.filter((entry) => !arrived.has(entry.clientId)));
  }

  private update(change: (entries: Outgoing) => Outgoing): void {
    this.entries.update(change);
    const userId = this.session.user()?.id;
    if (userId) keep(MEMORY_KEY, userId, this.entries());
  }
}

function mayRepeat(problem: Problem): boolean {
  return isTransient(problem) || NOT_SIGNED_IN.has(problem.code);
}
