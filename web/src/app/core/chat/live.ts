import { effect, inject, Service, untracked } from '@angular/core';
import { AuthApi } from '../api/auth-api';
import {
  Advanced,
  ConversationChanged,
  Heads,
  MemberChanged,
  memberStep,
  MessageEvent,
  messageStep,
  Presence,
  ReadMarkerMoved,
  settingsStep,
  UserChanged,
  UserTyping,
} from '../api/events';
import { isTransient, toProblem } from '../api/problem';
import { SessionStore } from '../auth/session-store';
import { backoffMs } from '../realtime/backoff';
import { ChatHub } from '../realtime/chat-hub';
import { Notifications } from '../notifications/notifications';
import { Leadership } from '../realtime/leadership';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { Archive } from '../storage/archive';
import { Wake } from '../realtime/wake';
import { Activity } from './activity';
import { ConversationsStore } from './conversations-store';
import { Intake } from './intake';
import { MessagesStore } from './messages-store';
import { Outbox } from './outbox';
import { PresenceStore } from './presence-store';
import { ReadMarkers } from './read-markers';
import { ReceiptsStore } from './receipts-store';
import { Synchronisation } from './synchronisation';
import { TypingStore } from './typing-store';

/** Where events enter the client: keeps a connection for as long as somebody is signed in, and takes in every event. */
@Service()
export class Live {
  private readonly auth = inject(AuthApi);
  private readonly session = inject(SessionStore);
  private readonly connection = inject(RealtimeConnection);
  private readonly hub = inject(ChatHub);
  private readonly conversations = inject(ConversationsStore);
  private readonly messages = inject(MessagesStore);
  private readonly intake = inject(Intake);
  private readonly archive = inject(Archive);
  private readonly leadership = inject(Leadership);
  private readonly notifications = inject(Notifications);
  private readonly wake = inject(Wake);
  private readonly synchronisation = inject(Synchronisation);
  private readonly outbox = inject(Outbox);
  private readonly presence = inject(PresenceStore);
  private readonly typing = inject(TypingStore);
  private readonly readMarkers = inject(ReadMarkers);
  private readonly receipts = inject(ReceiptsStore);
  private shownToken?: string;
  /** The attempt of the connection whose first `Heads` was taken in. */
  private greeted = 0;

  constructor() {
    inject(Activity);
    this.subscribe();
    effect(() => {
      if (this.session.signedIn()) untracked(() => void this.begin());
      else untracked(() => this.end());
    });
    effect(() => {
      const token = this.session.accessToken();
      const connected = this.connection.status() === 'connected';
      const isMine = this.leadership.leads();
      if (token && connected && isMine && token !== this.shownToken)
        untracked(() => void this.prolong(token));
    });
  }

  /** What was kept comes first, so that there is something to see while the network is asked. */
  private async begin(): Promise<void> {
    await this.leadership.seek();
    await this.archive.restore();
    if (!this.session.signedIn()) return;
    void this.outbox.resume();
    if (!this.conversations.loaded()) void this.conversations.load();
    this.connection.start(async () => {
      const { ticket } = await this.auth.hubTicket();
      this.shownToken = this.session.accessToken();
      return ticket;
    });
  }

  private end(): void {
    this.connection.stop();
    this.leadership.resign();
  }

  /** A connection lives no longer than the token it was last shown, so a new one is shown until it is taken. */
  private async prolong(accessToken: string): Promise<void> {
    this.shownToken = accessToken;
    const isCurrent = () =>
      this.session.accessToken() === accessToken && this.connection.status() === 'connected';
    for (let attempt = 0; isCurrent(); attempt++) {
      try {
        await this.hub.reauthenticate(accessToken);
        return;
      } catch (error) {
        if (!isTransient(toProblem(error))) return;
        await this.wake.within(backoffMs(attempt));
      }
    }
  }

  private subscribe(): void {
    this.connection.on<Heads>('Heads', (heads) => {
      this.greet();
      this.compare(heads);
      void this.readMarkers.flush();
    });
    this.connection.on<MessageEvent>('ReceiveMessage', (event) => {
      this.intake.conversation(messageStep(event));
      this.notifications.consider(event);
    });
    this.connection.on<MessageEvent>('MessageChanged', (event) => {
      this.intake.conversation(messageStep(event));
    });
    this.connection.on<MemberChanged>('MemberChanged', (event) => {
      this.intake.conversation(memberStep(event));
    });
    this.connection.on<ConversationChanged>('ConversationChanged', (event) => {
      this.intake.conversation(settingsStep(event));
    });
    this.connection.on<Advanced>('Advanced', (event) => {
      this.intake.conversation({ ...event, rows: [] });
    });
    this.connection.on<UserChanged>('UserChanged', ({ fromRev, toRev, change }) => {
      this.intake.user({ fromRev, toRev, changes: [change] });
    });
    this.connection.on<UserTyping>('UserTyping', (sign) => {
      this.typing.apply(sign);
    });
    this.connection.on<Presence>('UserOnline', (presence) => {
      this.presence.apply(presence);
    });
    this.connection.on<Presence>('UserOffline', (presence) => {
      this.presence.apply(presence);
    });
    this.connection.on<Presence>('PresenceChanged', (presence) => {
      this.presence.apply(presence);
    });
    this.connection.on<ReadMarkerMoved>('ReadMarkerMoved', (mark) => {
      this.receipts.apply(mark);
    });
  }

  /** Who stopped typing while there was no connection, nobody has told. Later `Heads` of a connection only remind. */
  private greet(): void {
    const { attempt } = this.connection;
    if (attempt !== this.greeted) this.typing.clear();
    this.greeted = attempt;
  }

  /** From `heads` on the connection is live; what lies before it has to be fetched. */
  private compare(heads: Heads): void {
    const logsAreBehind = this.messages.isBehind(heads.conversations);
    const followed = new Set(this.messages.positions().map(({ conversationId }) => conversationId));
    const listIsBehind = this.conversations.isBehind(heads, followed);
    const recent = this.conversations.sorted().map(({ id }) => id);
    const archiveIsBehind =
      this.archive.isBehind(heads.conversations) || this.archive.lacking(recent).length > 0;
    if (logsAreBehind || listIsBehind || archiveIsBehind) this.synchronisation.ask();
  }
}
