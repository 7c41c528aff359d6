import { Message, SystemNote } from '../../core/api/generated/models';
import { MessageRange } from '../../core/chat/message-ranges';
import { OutgoingEntry } from '../../core/chat/outbox-queue';
import { dayOf } from '../../shared/times';

/** A line of the timeline. `key` stays the same from the moment a message is written until long after it arrived. */
export type TimelineRow = DayRow | UnreadRow | GapRow | NoteRow | MessageRow;

export interface DayRow {
  readonly kind: 'day';
  readonly key: string;
  readonly at: Date;
}

/** Above the first message that was unread when the conversation was opened. */
export interface UnreadRow {
  readonly kind: 'unread';
  readonly key: string;
}

/** Stands for messages that are not loaded, between two that are. */
export interface GapRow {
  readonly kind: 'gap';
  readonly key: string;
  /** The seqs of the messages on its sides. */
  readonly after: number;
  readonly before: number;
}

/** Tells what has happened to the conversation. */
export interface NoteRow {
  readonly kind: 'note';
  readonly key: string;
  readonly message: Message;
  readonly note: SystemNote;
}

export interface MessageRow {
  readonly kind: 'message';
  readonly key: string;
  readonly senderId: string;
  readonly body: string;
  readonly at: Date;
  /** Whether the author's name and picture stand here: not within a run of messages by one person. */
  readonly startsGroup: boolean;
  /** As the log has it. */
  readonly message?: Message;
  /** Present while the message is not in the log. */
  readonly outgoing?: OutgoingEntry;
}

export interface TimelineParts {
  /** What is loaded, oldest first; between two ranges something is missing. */
  ranges: readonly MessageRange[];
  outgoing: readonly OutgoingEntry[];
  ownId: string;
  /** The last seq that had been read when the conversation was opened, if there was anything unread. */
  readUpTo?: number;
}

/** Messages by one person belong together while less than this lies between one and the next. */
const GROUP_MS = 5 * 60_000;

interface Previous {
  senderId: string;
  at: Date;
}

/**
 * Messages in the order of seq, then those still on their way, with day and unread dividers between. Replies in
 * threads stand in their threads alone.
 */
export function timelineRows({ ranges, outgoing, ownId, readUpTo }: TimelineParts): TimelineRow[] {
  const rows: TimelineRow[] = [];
  let previous: Previous | undefined;
  let divided = readUpTo === undefined;
  let end: number | undefined;

  for (const { messages, hasBefore } of ranges) {
    const first = messages[0]?.seq ?? 0;
    if (end !== undefined) {
      rows.push({ kind: 'gap', key: `gap-${String(end)}`, after: end, before: first });
      previous = undefined;
    }
    end = messages.at(-1)?.seq;
    // Where the first unread message is not loaded, the divider would only mark the beginning of a page.
    const mayDivide = !hasBefore || first <= (readUpTo ?? 0) + 1;
    for (const message of messages) {
      if (message.threadOf) continue;
      const at = timeOf(message);
      const { senderId } = message;
      if (startsDay(previous, at)) rows.push(dayRow(at, message.seq));
      const divides =
        !divided && mayDivide && message.seq > (readUpTo ?? 0) && isNews(message, ownId);
      if (divides) rows.push({ kind: 'unread', key: 'unread' });
      divided ||= divides;
      const startsGroup =
        divides || message.replyTo !== undefined || !continues(previous, senderId, at);
      const key = rowKey(senderId, message.clientId);
      if (message.system) {
        rows.push({ kind: 'note', key, message, note: message.system });
        previous = { senderId: '', at };
      } else {
        rows.push({ kind: 'message', key, senderId, body: message.body, at, startsGroup, message });
        previous = { senderId, at };
      }
    }
  }

  for (const entry of stillOutgoing(ranges.at(-1)?.messages ?? [], outgoing)) {
    if (entry.threadOf) continue;
    // No clock but the server's orders or dates messages; until it has, a message is as old as the last one.
    const at = entry.sentAt ? new Date(entry.sentAt) : new Date(entry.queuedAt);
    if (startsDay(previous, at)) rows.push(dayRow(at));
    const startsGroup =
      entry.state === 'failed' || entry.replyTo !== undefined || !continues(previous, ownId, at);
    const key = rowKey(ownId, entry.clientId);
    rows.push({
      kind: 'message',
      key,
      senderId: ownId,
      body: entry.body,
      at,
      startsGroup,
      outgoing: entry,
    });
    previous = entry.state === 'failed' ? undefined : { senderId: ownId, at };
  }
  return rows;
}

/** The replies in a thread, and those still on their way. */
export function threadRows(
  replies: readonly Message[],
  outgoing: readonly OutgoingEntry[],
  ownId: string,
): MessageRow[] {
  const said = replies.map((message): MessageRow => {
    const { senderId, clientId, body, sentAt } = message;
    const key = rowKey(senderId, clientId);
    return {
      kind: 'message',
      key,
      senderId,
      body,
      at: new Date(sentAt),
      startsGroup: true,
      message,
    };
  });
  const waiting = stillOutgoing(replies, outgoing).map((entry): MessageRow => {
    const at = new Date(entry.sentAt ?? entry.queuedAt);
    const key = rowKey(ownId, entry.clientId);
    return {
      kind: 'message',
      key,
      senderId: ownId,
      body: entry.body,
      at,
      startsGroup: true,
      outgoing: entry,
    };
  });
  return [...said, ...waiting];
}

/** Where the row of a message is found. */
export function rowKeyOf({ senderId, clientId }: Message): string {
  return rowKey(senderId, clientId);
}

/** Whether a message is one that others wrote for everybody to read here. */
export function isNews({ senderId, system, threadOf, deletedAt }: Message, ownId: string): boolean {
  return senderId !== ownId && !system && !threadOf && !deletedAt;
}

/** How many messages by others came after this seq. */
export function countAfter(messages: readonly Message[], seq: number, ownId: string): number {
  return messages.filter((message) => message.seq > seq && isNews(message, ownId)).length;
}

function stillOutgoing(
  messages: readonly Message[],
  outgoing: readonly OutgoingEntry[],
): readonly OutgoingEntry[] {
  if (outgoing.length === 0) return outgoing;
  const arrived = new Set(messages.map((message) => message.clientId));
  return outgoing.filter((entry) => !arrived.has(entry.clientId));
}

function rowKey(senderId: string, clientId: string): string {
  return `${senderId}/${clientId}`;
}

/** Above the message with this seq, or above the first that has none yet. */
function dayRow(at: Date, seq?: number): DayRow {
  return { kind: 'day', key: `day-${String(seq ?? 'new')}`, at };
}

const times = new WeakMap<Message, Date>();

function timeOf(message: Message): Date {
  let at = times.get(message);
  if (!at) times.set(message, (at = new Date(message.sentAt)));
  return at;
}

function startsDay(previous: Previous | undefined, at: Date): boolean {
  return !previous || dayOf(previous.at) < dayOf(at);
}

function continues(previous: Previous | undefined, senderId: string, at: Date): boolean {
  if (previous?.senderId !== senderId || dayOf(previous.at) !== dayOf(at)) return false;
  return at.getTime() - previous.at.getTime() < GROUP_MS;
}
