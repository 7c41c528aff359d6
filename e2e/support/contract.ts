/** What travels over HTTP and the hub, as docs/clients.md has it. */

export interface User {
  id: string;
  username: string;
  displayName: string;
  role: 'owner' | 'admin' | 'member' | 'guest';
}

export interface Session {
  accessToken: string;
  expiresIn: number;
  user: User;
  refreshToken?: string;
}

export interface Message {
  conversationId: string;
  seq: number;
  createdRev: number;
  rev: number;
  messageId: string;
  clientId: string;
  senderId: string;
  body: string;
  sentAt: string;
}

export interface Range {
  fromRev: number;
  toRev: number;
}

export interface SendReceipt {
  conversationId: string;
  messageId: string;
  clientId: string;
  seq: number;
  rev: number;
  sentAt: string;
}

export interface ConversationSummary {
  id: string;
  kind: 'direct' | 'group' | 'channel';
  name?: string;
  peer?: User;
  memberCount: number;
  joined: boolean;
  lastSeq: number;
  rev: number;
  lastReadSeq: number;
  unreadCount: number;
}

export interface MessagePage {
  conversationId: string;
  rev: number;
  lastSeq: number;
  hasBefore: boolean;
  hasAfter: boolean;
  messages: Message[];
}

export interface Presence {
  userId: string;
  state: 'active' | 'away' | 'offline';
  lastSeen?: string;
  version: number;
}

/** The events that the server sends, with their payloads. */
export interface Events {
  Heads: {
    epoch: string;
    userRev: number;
    conversations: { conversationId: string; rev: number }[];
  };
  ReceiveMessage: Message & Range;
  MemberChanged: { conversationId: string; user: User; joined: boolean; rev: number } & Range;
  UserChanged: {
    change:
      | { type: 'conversationGained'; conversation: ConversationSummary }
      | { type: 'conversationLost'; conversationId: string }
      | { type: 'readMarkerMoved'; conversationId: string; seq: number; unreadCount: number };
  } & Range;
  UserTyping: { conversationId: string; userId: string; isTyping: boolean };
  ReadMarkerMoved: { conversationId: string; userId: string; seq: number };
  UserOnline: Presence;
  UserOffline: Presence;
}

export const eventNames = [
  'Heads',
  'ReceiveMessage',
  'MemberChanged',
  'UserChanged',
  'UserTyping',
  'ReadMarkerMoved',
  'UserOnline',
  'UserOffline',
] as const satisfies readonly (keyof Events)[];
