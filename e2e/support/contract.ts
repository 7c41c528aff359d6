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
  editedAt?: string;
  deletedAt?: string;
  reactions?: { emoji: string; userIds: string[] }[];
  /** Present in notes of the system, which nobody wrote. */
  system?: { type: string };
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

export type SyncPage =
  | { type: 'epoch'; epoch: string }
  | ({ type: 'user'; changes: UserChange[] } & Range)
  | { type: 'conversations'; userRev: number; conversations: ConversationSummary[] }
  | ({ type: 'changes'; conversationId: string; asOfRev: number; rows: Row[] } & Range)
  | { type: 'reset'; page: MessagePage }
  | { type: 'lost'; conversationId: string }
  | { type: 'done'; epoch: string; userRev: number; heads: Head[] };

export type Row =
  | { type: 'message'; message: Message }
  | { type: 'member'; user: User; joined: boolean; rev: number }
  | { type: 'settings'; name: string; rev: number };

export interface Head {
  conversationId: string;
  rev: number;
}

export type UserChange =
  | { type: 'conversationGained'; conversation: ConversationSummary }
  | { type: 'conversationLost'; conversationId: string }
  | { type: 'stateChanged'; conversationId: string; lastReadSeq: number; unreadCount: number }
  | { type: 'threadStateChanged'; conversationId: string; rootId: string }
  | { type: 'receiptsChanged'; privateReceipts: boolean };

export interface Presence {
  userId: string;
  state: 'active' | 'away' | 'doNotDisturb' | 'offline' | 'unknown';
  lastSeen?: string;
  status?: { text?: string; emoji?: string; until?: string };
  version: number;
}

/** The events that the server sends, with their payloads. */
export interface Events {
  Heads: { epoch: string; userRev: number; conversations: Head[] };
  ReceiveMessage: Message & Range;
  MessageChanged: Message & Range;
  MemberChanged: { conversationId: string; user: User; joined: boolean; rev: number } & Range;
  ConversationChanged: { conversationId: string; name: string; rev: number } & Range;
  Advanced: { conversationId: string } & Range;
  UserChanged: { change: UserChange } & Range;
  UserTyping: { conversationId: string; userId: string; isTyping: boolean };
  ReadMarkerMoved: { conversationId: string; userId: string; seq: number };
  UserOnline: Presence;
  UserOffline: Presence;
  PresenceChanged: Presence;
}

export const eventNames = [
  'Heads',
  'ReceiveMessage',
  'MessageChanged',
  'MemberChanged',
  'ConversationChanged',
  'Advanced',
  'UserChanged',
  'UserTyping',
  'ReadMarkerMoved',
  'UserOnline',
  'UserOffline',
  'PresenceChanged',
] as const satisfies readonly (keyof Events)[];
