import { ConversationSummary, Message, PersonalState, Row } from '../api/generated/models';
import { ConversationStep } from '../api/events';

/** The server counts unread messages up to here. */
export const UNREAD_CAP = 100;

export type Conversations = ReadonlyMap<string, ConversationSummary>;

/** Replaces the list by the server's, except where an event has already told more. */
export function withList(
  known: Conversations,
  list: readonly ConversationSummary[],
): Conversations {
  return new Map(list.map((summary) => [summary.id, merged(known.get(summary.id), summary)]));
}

export function withSummary(known: Conversations, summary: ConversationSummary): Conversations {
  return new Map(known).set(summary.id, merged(known.get(summary.id), summary));
}

export function without(known: Conversations, id: string): Conversations {
  const rest = new Map(known);
  rest.delete(id);
  return rest;
}

/** The summary after a step that continues it. What only the server can count stays as it is. */
export function afterStep(
  summary: ConversationSummary,
  step: ConversationStep,
  ownId: string,
): ConversationSummary {
  const after = step.rows.reduce((known, row) => afterRow(known, row, ownId), summary);
  return { ...after, rev: step.toRev };
}

function afterRow(summary: ConversationSummary, row: Row, ownId: string): ConversationSummary {
  switch (row.type) {
    case 'message':
      return afterMessage(summary, row.message, ownId);
    case 'member': {
      const { user, role, joined } = row;
      return user.id === ownId ? { ...summary, role, joined } : summary;
    }
    case 'settings': {
      const { name, topic, history } = row;
      return { ...summary, name, topic, history };
    }
  }
}

/** An own message is read by definition, if everything before it was. */
function afterMessage(
  summary: ConversationSummary,
  message: Message,
  ownId: string,
): ConversationSummary {
  const { lastMessage, lastReadSeq } = summary;
  const readsOn = message.senderId === ownId && message.seq === lastReadSeq + 1;
  const isLast = !message.threadOf && message.seq >= (lastMessage?.seq ?? 0);
  const isOlder = lastMessage?.seq === message.seq && lastMessage.rev > message.rev;
  return {
    ...summary,
    lastSeq: Math.max(summary.lastSeq, message.seq),
    lastReadSeq: readsOn ? message.seq : lastReadSeq,
    ...(isLast && !isOlder ? { lastMessage: message } : {}),
  };
}

/**
 * Whether a step may have changed what is counted of a conversation: its members, or what one has not read. The
 * counting itself is the server's.
 */
export function changesCounts(
  summary: ConversationSummary,
  step: ConversationStep,
  ownId: string,
): boolean {
  const firstUnread = Math.min(summary.lastReadSeq + 1, summary.unreadFrom ?? Infinity);
  return step.rows.some((row) => {
    if (row.type !== 'message') return row.type === 'member';
    const { senderId, seq, system, threadOf } = row.message;
    return senderId !== ownId && seq >= firstUnread && !system && !threadOf;
  });
}

/** The summary with what the server says of its reader. */
export function afterState(
  summary: ConversationSummary,
  { lastReadSeq, unreadFrom, unreadCount, mentionCount, mutedUntil, level }: PersonalState,
): ConversationSummary {
  return {
    ...summary,
    lastReadSeq,
    unreadFrom,
    unreadCount,
    mentionCount,
    mutedUntil,
    level,
  };
}

/** The summary after one has read up to a message: what the server is about to be told. */
export function afterReading(summary: ConversationSummary, seq: number): ConversationSummary {
  return {
    ...summary,
    lastReadSeq: Math.max(seq, summary.lastReadSeq),
    unreadFrom: undefined,
    unreadCount: 0,
    mentionCount: 0,
  };
}

/** Whether nothing of a conversation may disturb, not even a mention. */
export function isMuted({ level, mutedUntil }: PersonalState, now: Date): boolean {
  return level === 'none' || (mutedUntil !== undefined && new Date(mutedUntil) > now);
}

/** How many messages of a conversation call for attention, by what its reader wants to be disturbed by. */
export function disturbingCount(summary: PersonalState, now: Date): number {
  if (isMuted(summary, now)) return 0;
  return summary.level === 'all' ? summary.unreadCount : summary.mentionCount;
}

/** Newest activity first, as the server sorts them. */
export function byActivity(conversations: Conversations): ConversationSummary[] {
  return [...conversations.values()].sort((a, b) => activity(b).localeCompare(activity(a)));
}

function activity(summary: ConversationSummary): string {
  return summary.lastMessage?.sentAt ?? summary.createdAt;
}

/** A summary that was read, except where events know more. The personal part follows a log of its own. */
function merged(
  known: ConversationSummary | undefined,
  summary: ConversationSummary,
): ConversationSummary {
  const isAhead = known?.joined === summary.joined && known.rev > summary.rev;
  return isAhead ? afterState(known, summary) : summary;
}
