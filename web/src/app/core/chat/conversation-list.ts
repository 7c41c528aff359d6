import { ConversationSummary } from '../api/generated/models';
import { MemberChanged, MessageReceived } from '../api/events';

/** The server counts unread messages up to here. */
export const UNREAD_CAP = 100;

export type Conversations = ReadonlyMap<string, ConversationSummary>;

/** Replaces the list by the server's, except where an event has already told more. */
export function withList(
  known: Conversations,
  list: readonly ConversationSummary[],
): Conversations {
  return new Map(list.map((summary) => [summary.id, newer(known.get(summary.id), summary)]));
}

export function withSummary(known: Conversations, summary: ConversationSummary): Conversations {
  return new Map(known).set(summary.id, newer(known.get(summary.id), summary));
}

export function without(known: Conversations, id: string): Conversations {
  const rest = new Map(known);
  rest.delete(id);
  return rest;
}

/** The summary after a live message. Own messages are read by definition. */
export function afterMessage(
  summary: ConversationSummary,
  event: MessageReceived,
  ownId: string,
): ConversationSummary {
  const { fromRev: _from, toRev, ...message } = event;
  const own = message.senderId === ownId;
  const counts = !own && message.seq > summary.lastReadSeq;
  const readsOn = own && message.seq === summary.lastReadSeq + 1;
  return {
    ...summary,
    rev: toRev,
    lastSeq: Math.max(summary.lastSeq, message.seq),
    lastMessage: message,
    lastReadSeq: readsOn ? message.seq : summary.lastReadSeq,
    unreadCount: counts ? Math.min(UNREAD_CAP, summary.unreadCount + 1) : summary.unreadCount,
  };
}

/** The summary after somebody joined or left. */
export function afterMemberChange(
  summary: ConversationSummary,
  event: MemberChanged,
  ownId: string,
): ConversationSummary {
  const own = event.user.id === ownId;
  const { role: ownRole, ...rest } = summary;
  const role = own ? event.role : ownRole;
  return {
    ...rest,
    ...(role ? { role } : {}),
    rev: event.toRev,
    memberCount: Math.max(0, summary.memberCount + (event.joined ? 1 : -1)),
    joined: own ? event.joined : summary.joined,
  };
}

/** Markers only move forward; the count that comes with one is the server's own. */
export function afterRead(
  summary: ConversationSummary,
  seq: number,
  unreadCount: number,
): ConversationSummary {
  if (seq < summary.lastReadSeq) return summary;
  return { ...summary, lastReadSeq: seq, unreadCount };
}

/** Newest activity first, as the server sorts them. */
export function byActivity(conversations: Conversations): ConversationSummary[] {
  return [...conversations.values()].sort((a, b) => activity(b).localeCompare(activity(a)));
}

function activity(summary: ConversationSummary): string {
  return summary.lastMessage?.sentAt ?? summary.createdAt;
}

function newer(
  known: ConversationSummary | undefined,
  summary: ConversationSummary,
): ConversationSummary {
  return known && known.rev > summary.rev && known.joined === summary.joined ? known : summary;
}
