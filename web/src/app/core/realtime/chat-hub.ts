import { inject, Service } from '@angular/core';
import { SendReceipt } from '../api/generated/models';
import { Presence } from '../api/events';
import { RealtimeConnection } from './realtime-connection';

export interface OutgoingMessage {
  conversationId: string;
  clientId: string;
  body: string;
}

/** The methods of the chat hub, by name and type. All reject with a `Problem`. */
@Service()
export class ChatHub {
  private readonly connection = inject(RealtimeConnection);

  sendMessage(message: OutgoingMessage): Promise<SendReceipt> {
    return this.connection.invoke('SendMessage', message);
  }

  markRead(conversationId: string, seq: number): Promise<void> {
    return this.connection.invoke('MarkRead', conversationId, seq);
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

  reauthenticate(accessToken: string): Promise<void> {
    return this.connection.invoke('Reauthenticate', accessToken);
  }
}
