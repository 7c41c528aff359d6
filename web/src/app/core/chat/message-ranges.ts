import { Message, MessagePage } from '../api/generated/models';
import { ConversationLog, newerRow } from './conversation-log';

/** A stretch of a conversation without a hole, in the order of `seq`. Never empty. */
export interface MessageRange {
  readonly messages: readonly Message[];
  /** Whether older messages exist on the server. */
  readonly hasBefore: boolean;
}

/**
 * What is loaded of a conversation: the log, which reaches to its newest message, and stretches before it, the oldest
 * first. Between two of them at least one message is missing, so that a gap is always known to be one.
 */
export interface LoadedRanges {
  readonly log: ConversationLog;
  readonly earlier: readonly MessageRange[];
}

/** All that is loaded, oldest first. */
export function rangesOf({ log, earlier }: LoadedRanges): MessageRange[] {
  return log.messages.length > 0 ? [...earlier, log] : [...earlier];
}

export function loadedAt(ranges: LoadedRanges, seq: number): Message | undefined {
  for (const { messages } of rangesOf(ranges)) {
    const found = messages[seq - firstSeq(messages)];
    if (found) return found;
  }
  return undefined;
}

/**
 * Takes a page in, wherever it belongs, and joins what it connects. The page may be older than the log's position:
 * `heard` are the rows that came since it was asked for.
 */
export function withPage(
  ranges: LoadedRanges,
  page: Pick<MessagePage, 'messages' | 'hasBefore'>,
  heard: readonly Message[] = [],
): LoadedRanges {
  const { log, earlier } = ranges;
  const first = page.messages[0];
  if (!first) return ranges;
  const last = lastSeq(log.messages);
  // Beyond what the log knows: it has to catch up first.
  if (log.messages.length === 0 || first.seq > last + 1) return ranges;
  const added = { messages: withRows(page.messages, heard), hasBefore: page.hasBefore };
  const joined = joinAll([...earlier, log, added]);
  const tail = joined.pop();
  if (!tail) return ranges;
  return { log: { ...log, ...tail }, earlier: joined };
}

/** There is nothing before this message on the server, whatever was thought. */
export function withBeginningAt({ log, earlier }: LoadedRanges, seq: number): LoadedRanges {
  const ended = <R extends MessageRange>(range: R): R =>
    firstSeq(range.messages) === seq ? { ...range, hasBefore: false } : range;
  return { log: ended(log), earlier: earlier.map(ended) };
}

/** Puts a row that changed in its place before the log, if it is loaded there. */
export function withChange(
  earlier: readonly MessageRange[],
  message: Message,
): readonly MessageRange[] {
  const index = earlier.findIndex(
    ({ messages }) => message.seq >= firstSeq(messages) && message.seq <= lastSeq(messages),
  );
  const range = earlier[index];
  if (!range) return earlier;
  const changed = { ...range, messages: withRows(range.messages, [message]) };
  return earlier.map((other) => (other === range ? changed : other));
}

/**
 * Forgets what lies far from the message that is being read, if more than `limit` messages are loaded. The newest
 * stay, and what was forgotten between is a gap again.
 */
export function pruned(
  ranges: LoadedRanges,
  readingAt: number,
  { limit, around, newest }: { limit: number; around: number; newest: number },
): LoadedRanges {
  const all = rangesOf(ranges);
  const count = all.reduce((sum, { messages }) => sum + messages.length, 0);
  if (count <= limit) return ranges;
  const end = lastSeq(ranges.log.messages);
  const kept = all.flatMap((range) => [
    ...part(range, readingAt - around, readingAt + around),
    ...part(range, end - newest + 1, end),
  ]);
  const joined = joinAll(kept);
  const tail = joined.pop();
  return tail ? { log: { ...ranges.log, ...tail }, earlier: joined } : ranges;
}

function part({ messages, hasBefore }: MessageRange, from: number, to: number): MessageRange[] {
  const start = Math.max(0, from - firstSeq(messages));
  const kept = messages.slice(start, Math.max(0, to - firstSeq(messages) + 1));
  return kept.length > 0 ? [{ messages: kept, hasBefore: hasBefore || start > 0 }] : [];
}

function joinAll(ranges: readonly MessageRange[]): MessageRange[] {
  const sorted = [...ranges].sort((a, b) => firstSeq(a.messages) - firstSeq(b.messages));
  const joined: MessageRange[] = [];
  for (const range of sorted) {
    const before = joined.at(-1);
    if (before && firstSeq(range.messages) <= lastSeq(before.messages) + 1) {
      joined[joined.length - 1] = join(before, range);
    } else {
      joined.push({ messages: range.messages, hasBefore: range.hasBefore });
    }
  }
  return joined;
}

/** `range` begins within `before`, or where it ends. */
function join(before: MessageRange, range: MessageRange): MessageRange {
  const messages = [...before.messages];
  const first = firstSeq(messages);
  for (const message of range.messages) {
    messages[message.seq - first] = newerRow(messages[message.seq - first], message);
  }
  const isSameStart = firstSeq(range.messages) === first;
  return { messages, hasBefore: before.hasBefore && (!isSameStart || range.hasBefore) };
}

function withRows(messages: readonly Message[], rows: readonly Message[]): readonly Message[] {
  if (rows.length === 0) return messages;
  const changed = [...messages];
  const first = firstSeq(messages);
  for (const row of rows) {
    const present = changed[row.seq - first];
    if (present) changed[row.seq - first] = newerRow(present, row);
  }
  return changed;
}

function firstSeq(messages: readonly Message[]): number {
  return messages[0]?.seq ?? 0;
}

function lastSeq(messages: readonly Message[]): number {
  return messages.at(-1)?.seq ?? 0;
}
