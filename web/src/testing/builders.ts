import {
  ConversationSummary,
  Message,
  MessagePage,
  SendReceipt,
  Session,
  User,
} from '../app/core/api/generated/models';
import { ConversationStep } from '../app/core/api/events';

/** A person; by default the one who is signed in. */
export function user(fields: Partial<User> = {}): User {
  return { id: 'ana', username: 'ana', displayName: 'Ana Ruiz', role: 'member', ...fields };
}

export function session(fields: Partial<Session> = {}): Session {
  return { accessToken: 'token-1', expiresIn: 600, user: user(), ...fields };
}

/** A message of Bea's whose rev is its seq, as in a conversation where nothing else happened. */
export function message(seq: number, fields: Partial<Message> = {}): Message {
  return {
    conversationId: 'c',
    seq,
    createdRev: seq,
    rev: seq,
    messageId: `m${String(seq)}`,
    clientId: `client-${String(seq)}`,
    senderId: 'bea',
    body: `message ${String(seq)}`,
    sentAt: new Date(Date.UTC(2026, 10, 23, 12, seq)).toISOString(),
    ...fields,
  };
}

/** Messages from one seq to another, both included. */
export function messages(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

/** The step that brings messages, from one rev to another. */
export function step(fromRev: number, toRev: number, ...changed: Message[]): ConversationStep {
  const rows = changed.map((message) => ({ type: 'message' as const, message }));
  return { conversationId: 'c', fromRev, toRev, rows };
}

/** The step that brings the message with this seq, in a conversation where nothing else happens. */
export function posted(seq: number, fields: Partial<Message> = {}): ConversationStep {
  return step(seq - 1, seq, message(seq, fields));
}

/** A page of a conversation that has `lastSeq` messages. */
export function page(from: number, to: number, lastSeq = to): MessagePage {
  return {
    conversationId: 'c',
    rev: lastSeq,
    lastSeq,
    hasBefore: from > 1,
    hasAfter: to < lastSeq,
    messages: messages(from, to),
  };
}

export function receipt(seq: number, clientId: string): SendReceipt {
  const { conversationId, messageId, rev, sentAt } = message(seq);
  return { conversationId, messageId, clientId, seq, rev, sentAt };
}

export function conversation(fields: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    id: 'c',
    kind: 'group',
    name: 'Friday',
    memberCount: 3,
    role: 'member',
    joined: true,
    lastSeq: 0,
    rev: 0,
    lastReadSeq: 0,
    unreadCount: 0,
    mentionCount: 0,
    level: 'all',
    history: 'joined',
    createdAt: '2026-11-01T00:00:00Z',
    ...fields,
  };
}
