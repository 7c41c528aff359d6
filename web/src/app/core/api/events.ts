import { ConversationSummary, MemberRole, Message, User } from './generated/models';

/**
 * What the hub sends, as docs/clients.md describes it. What HTTP carries is generated from the server's OpenAPI
 * document.
 */

/** Every event covers the changes after `fromRev` up to and including `toRev`. */
export interface RevRange {
  fromRev: number;
  toRev: number;
}

export interface Head {
  conversationId: string;
  rev: number;
}

/** The first event of every connection: from here on it is live. */
export interface Heads {
  epoch: string;
  userRev: number;
  conversations: Head[];
}

export type MessageReceived = Message & RevRange;

/** Somebody joined, or, with `joined: false`, left. */
export interface MemberChanged extends RevRange {
  conversationId: string;
  user: User;
  role?: MemberRole;
  joined: boolean;
  rev: number;
}

export type UserChange =
  | { type: 'conversationGained'; conversation: ConversationSummary }
  | { type: 'conversationLost'; conversationId: string }
  | { type: 'readMarkerMoved'; conversationId: string; seq: number; unreadCount: number };

/** Something that only this user must learn; its range counts in the user's own revs. */
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
  /** Of two states of the same person the one with the higher version holds. */
  version: number;
}
