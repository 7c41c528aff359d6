import {
  ConversationSettings,
  MemberChange,
  Message,
  Row,
  SyncPage,
  UserChange,
} from './generated/models';

/**
 * What the hub sends, as docs/clients.md describes it. What HTTP carries is generated from the server's OpenAPI
 * document.
 */

/** Every event covers the changes after `fromRev` up to and including `toRev`. */
export interface RevRange {
  readonly fromRev: number;
  readonly toRev: number;
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

/** The payload of `ReceiveMessage` and of `MessageChanged`. */
export type MessageEvent = Message & RevRange;

/** Somebody joined, got another role, or, with `joined: false`, left. */
export type MemberChanged = MemberChange & RevRange & { conversationId: string };

export type ConversationChanged = ConversationSettings & RevRange & { conversationId: string };

/** Something happened that one may not see. */
export type Advanced = RevRange & { conversationId: string };

/** Something that only this user must learn; its range counts in the user's own revs. */
export interface UserChanged extends RevRange {
  change: UserChange;
}

/** A step in a conversation's log, whether it came as an event or as a page of a synchronisation. */
export interface ConversationStep extends RevRange {
  readonly conversationId: string;
  /** What has changed, as it stands now. */
  readonly rows: readonly Row[];
}

/** A step in the user's own log. */
export interface UserStep extends RevRange {
  readonly changes: readonly UserChange[];
}

/** One kind of page that a synchronisation is answered with. */
export type SyncPageOf<T extends SyncPage['type']> = Extract<SyncPage, { type: T }>;

export interface UserTyping {
  conversationId: string;
  userId: string;
  isTyping: boolean;
}

/** A member has read on. */
export interface ReadMarkerMoved {
  conversationId: string;
  userId: string;
  seq: number;
}

export type PresenceState = 'active' | 'away' | 'doNotDisturb' | 'offline';

export interface Presence {
  userId: string;
  /** Unknown, which always holds, means that what was known holds no more. */
  state: PresenceState | 'unknown';
  lastSeen?: string;
  status?: { text?: string; emoji?: string; until?: string };
  /** Of two states of the same person the one with the higher version holds. */
  version: number;
}

export function messageStep({ fromRev, toRev, ...message }: MessageEvent): ConversationStep {
  return {
    conversationId: message.conversationId,
    fromRev,
    toRev,
    rows: [{ type: 'message', message }],
  };
}

export function memberStep(event: MemberChanged): ConversationStep {
  const { conversationId, fromRev, toRev, ...member } = event;
  return { conversationId, fromRev, toRev, rows: [{ type: 'member', ...member }] };
}

export function settingsStep(event: ConversationChanged): ConversationStep {
  const { conversationId, fromRev, toRev, ...settings } = event;
  return { conversationId, fromRev, toRev, rows: [{ type: 'settings', ...settings }] };
}
