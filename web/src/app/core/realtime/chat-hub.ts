import { inject, Service } from '@angular/core';
import {
  ChangePreferencesRequest,
  PersonalState,
  SendReceipt,
  SyncPage,
  SyncRequest,
} from '../api/generated/models';
import { Presence } from '../api/events';
import { RealtimeConnection } from './realtime-connection';

export interface OutgoingMessage {
  conversationId: string;
  clientId: string;
  body: string;
  replyTo?: string;
  threadOf?: string;
}

/** The methods of the chat hub, by name and type. All reject with a `Problem`. */
@Service()
export class ChatHub {
  private readonly connection = inject(RealtimeConnection);

  sendMessage(message: OutgoingMessage): Promise<SendReceipt> {
    return this.connection.invoke('SendMessage', message);
  }

  editMessage(conversationId: string, messageId: string, body: string): Promise<SendReceipt> {
    return this.connection.invoke('EditMessage', conversationId, messageId, body);
  }

  deleteMessage(conversationId: string, messageId: string): Promise<SendReceipt> {
    return this.connection.invoke('DeleteMessage', conversationId, messageId);
  }

  restoreMessage(conversationId: string, messageId: string): Promise<SendReceipt> {
    return this.connection.invoke('RestoreMessage', conversationId, messageId);
  }

  addReaction(conversationId: string, messageId: string, emoji: string): Promise<number> {
    return this.connection.invoke('AddReaction', conversationId, messageId, emoji);
  }

  removeReaction(conversationId: string, messageId: string, emoji: string): Promise<number> {
    return this.connection.invoke('RemoveReaction', conversationId, messageId, emoji);
  }

  pinMessage(conversationId: string, messageId: string): Promise<number> {
    return this.connection.invoke('PinMessage', conversationId, messageId);
  }

  unpinMessage(conversationId: string, messageId: string): Promise<number> {
    return this.connection.invoke('UnpinMessage', conversationId, messageId);
  }

  markRead(conversationId: string, seq: number): Promise<void> {
    return this.connection.invoke('MarkRead', conversationId, seq);
  }

  markUnread(conversationId: string, seq: number): Promise<void> {
    return this.connection.invoke('MarkUnread', conversationId, seq);
  }

  setPreferences(
    conversationId: string,
    preferences: ChangePreferencesRequest,
  ): Promise<PersonalState> {
    return this.connection.invoke('SetPreferences', conversationId, preferences);
  }

  /** Resolves when the last page was taken. */
  sync(request: SyncRequest, take: (page: SyncPage) => void): Promise<void> {
    return this.connection.stream('Sync', take, request);
  }

  typing(conversationId: string, isTyping: boolean): Promise<void> {
    return this.connection.invoke('Typing', conversationId, isTyping);
  }

  watchPresence(userIds: string[]): Promise<Presence[]> {
    return this.connection.invoke('WatchPresence', userIds);
  }

  unwatchPresence(userIds: string[]): Promise<void> {
    return this.connection.invoke('UnwatchPresence', userIds);
  }

  setActivity(isActive: boolean): Promise<void> {
    return this.connection.invoke('SetActivity', isActive);
  }

  reauthenticate(accessToken: string): Promise<void> {
    return this.connection.invoke('Reauthenticate', accessToken);
  }
}
