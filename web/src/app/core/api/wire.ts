/**
 * What travels between the client and the server, as docs/clients.md describes it. Events of the hub live here
 * for good; what HTTP carries has the same shape in the server's OpenAPI document.
 */

export type ServerRole = 'owner' | 'admin' | 'member' | 'guest';
export type ConversationRole = 'owner' | 'admin' | 'member' | 'readOnly';
export type ConversationKind = 'direct' | 'group' | 'channel';
export type Registration = 'invitation' | 'open' | 'closed';

export interface ServerInfo {
  name: string;
  version: string;
  setupRequired: boolean;
  registration: Registration;
}

export interface User {
  id: string;
  username: string;
  displayName: string;
  role: ServerRole;
}

export interface Session {
  accessToken: string;
  /** Seconds from the answer to the end of the access token. */
  expiresIn: number;
  user: User;
}

export interface RegisterRequest {
  username: string;
  password: string;
  displayName?: string;
  setupCode?: string;
  inviteCode?: string;
  deviceName?: string;
}

export interface LoginRequest {
  username: string;
  password: string;
  deviceName?: string;
}

export interface HubTicket {
  ticket: string;
  expiresIn: number;
}

export interface DeviceSession {
  id: string;
  deviceName: string;
  createdAt: string;
  lastUsedAt: string;
  current: boolean;
}

export interface UserPage {
  users: User[];
  next?: string;
}

export interface Invitation {
  id: string;
  code: string;
  path: string;
  expiresAt: string;
  maxUses: number;
  uses: number;
}

export interface InvitationPreview {
  invitedBy: string;
  expiresAt: string;
}

export interface Message {
  conversationId: string;
  /** Numbers the messages of a conversation 1, 2, 3, ... without a hole. */
  seq: number;
  createdRev: number;
  /** The conversation's change that this row is the result of. */
  rev: number;
  messageId: string;
  clientId: string;
  senderId: string;
  body: string;
  sentAt: string;
}

export interface ConversationSummary {
  id: string;
  kind: ConversationKind;
  name?: string;
  topic?: string;
  peer?: User;
  memberCount: number;
  role?: ConversationRole;
  joined: boolean;
  lastSeq: number;
  rev: number;
  lastReadSeq: number;
  /** Counted by the server; stops at 100. */
  unreadCount: number;
  lastMessage?: Message;
  createdAt: string;
}

export interface ConversationList {
  epoch: string;
  userRev: number;
  conversations: ConversationSummary[];
}

export interface MessagePage {
  conversationId: string;
  /** Read before the messages were. */
  rev: number;
  lastSeq: number;
  hasBefore: boolean;
  hasAfter: boolean;
  messages: Message[];
}

export interface CreateGroupRequest {
  name: string;
  kind?: 'group' | 'channel';
  topic?: string;
  memberIds?: string[];
}

export interface Member {
  user: User;
  role: ConversationRole;
  joinedAt: string;
}

export interface SendReceipt {
  conversationId: string;
  messageId: string;
  clientId: string;
  seq: number;
  rev: number;
  sentAt: string;
}

/** Every event covers the changes after `fromRev` up to and including `toRev`. */
export interface RevRange {
  fromRev: number;
  toRev: number;
}

export interface Head {
  conversationId: string;
  rev: number;
}

export interface Heads {
  epoch: string;
  userRev: number;
  conversations: Head[];
}

export type MessageReceived = Message & RevRange;

export interface MemberChanged extends RevRange {
  conversationId: string;
  user: User;
  role?: ConversationRole;
  joined: boolean;
  rev: number;
}

export type UserChange =
  | { type: 'conversationGained'; conversation: ConversationSummary }
  | { type: 'conversationLost'; conversationId: string }
  | { type: 'readMarkerMoved'; conversationId: string; seq: number; unreadCount: number };

export interface UserChanged extends RevRange {
  change: UserChange;
}

export interface UserTyping {
  conversationId: string;
  userId: string;
  isTyping: boolean;
}

export type PresenceState = 'active' | 'away' | 'offline';

export interface Presence {
  userId: string;
  state: PresenceState;
  lastSeen?: string;
  version: number;
}
