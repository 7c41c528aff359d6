import { effect, inject, Service, untracked } from '@angular/core';
import { AuthApi } from '../api/auth-api';
import {
  Heads,
  MemberChanged,
  MessageReceived,
  Presence,
  UserChanged,
  UserTyping,
} from '../api/events';
import { SessionStore } from '../auth/session-store';
import { ChatHub } from '../realtime/chat-hub';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { ConversationsStore } from './conversations-store';
import { MessagesStore } from './messages-store';
import { Outbox } from './outbox';
import { PresenceStore } from './presence-store';
import { ReadMarkers } from './read-markers';
import { TypingStore } from './typing-store';

/**
 * Where events enter the client: keeps a connection for as long as somebody is signed in, and hands every event to
 * the stores that it concerns.
 */
@Service()
export class Live {
  private readonly auth = inject(AuthApi);
  private readonly session = inject(SessionStore);
  private readonly connection = inject(RealtimeConnection);
  private readonly hub = inject(ChatHub);
  private readonly conversations = inject(ConversationsStore);
  private readonly messages = inject(MessagesStore);
  private readonly outbox = inject(Outbox);
  private readonly presence = inject(PresenceStore);
  private readonly typing = inject(TypingStore);
  private readonly readMarkers = inject(ReadMarkers);
  private shownToken?: string;

  constructor() {
    this.subscribe();
    effect(() => {
      if (this.session.signedIn()) untracked(() => this.begin());
      else untracked(() => this.connection.stop());
    });
    effect(() => {
      const token = this.session.accessToken();
      const connected = this.connection.status() === 'connected';
      if (token && connected && token !== this.shownToken) untracked(() => this.prolong(token));
    });
  }

  private begin(): void {
    this.outbox.resume();
    void this.conversations.load();
    this.connection.start(async () => {
      const { ticket } = await this.auth.hubTicket();
      this.shownToken = this.session.accessToken();
      return ticket;
    });
  }

  /** A connection lives no longer than the token it was last shown. */
  private prolong(accessToken: string): void {
    this.shownToken = accessToken;
    this.hub.reauthenticate(accessToken).catch(() => undefined);
  }

  private subscribe(): void {
    this.connection.on<Heads>('Heads', (heads) => {
      const replaced = this.conversations.applyHeads(heads);
      this.messages.applyHeads(heads, replaced);
      this.typing.clear();
      void this.readMarkers.flush();
    });
    this.connection.on<MessageReceived>('ReceiveMessage', (event) => {
      this.conversations.applyMessage(event);
      this.messages.applyMessage(event);
      this.outbox.arrived(event.clientId);
      this.typing.ended(event.conversationId, event.senderId);
    });
    this.connection.on<MemberChanged>('MemberChanged', (event) => {
      this.conversations.applyMemberChange(event);
      const self = event.user.id === this.session.user()?.id;
      if (self && !event.joined) this.messages.forget(event.conversationId);
      else this.messages.applyMemberChange(event);
    });
    this.connection.on<UserChanged>('UserChanged', (event) => {
      this.conversations.applyUserChange(event);
      const { change } = event;
      if (change.type === 'conversationLost') this.messages.forget(change.conversationId);
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
    // Read marks of others are not shown yet.
    this.connection.on('ReadMarkerMoved', () => undefined);
  }
}
