import { Message, MessagePage, SendReceipt } from '../api/generated/models';
import { RevRange } from '../api/events';
import { place, Placement } from './rev-range';

/** What is known of one conversation: messages without a hole, and the change up to which that holds. */
export interface ConversationLog {
  /** Every change up to this rev is in `messages`, as far as they reach back. */
  readonly position: number;
  /** In the order of `seq`, each one more than the last. */
  readonly messages: readonly Message[];
  /** Whether older messages exist on the server. */
  readonly hasBefore: boolean;
}

export function lastSeq(log: ConversationLog): number {
  return log.messages.at(-1)?.seq ?? 0;
}

/** The newest page is where a log begins. */
export function logFromPage(page: MessagePage): ConversationLog {
  return { position: page.rev, messages: page.messages, hasBefore: page.hasBefore };
}

/** Puts a page of older messages before the log. Older pages say nothing about newer changes. */
export function withOlderPage(log: ConversationLog, page: MessagePage): ConversationLog {
  const messages = joined(page.messages, log.messages);
  return messages ? { ...log, messages, hasBefore: page.hasBefore } : log;
}

/** Puts a page of newer messages after the log; the last such page moves the position. */
export function withNewerPage(log: ConversationLog, page: MessagePage): ConversationLog {
  const messages = joined(log.messages, page.messages);
  if (!messages) return log;
  const position = page.hasAfter ? log.position : Math.max(log.position, page.rev);
  return { ...log, messages, position };
}

/** Applies a live event that carries a message, or, without one, only moves the position. */
export function withEvent(
  log: ConversationLog,
  range: RevRange,
  message?: Message,
): { log: ConversationLog; placement: Placement } {
  const placement = place(log.position, range);
  if (placement !== 'next') return { log, placement };
  const messages = message ? joined(log.messages, [message]) : log.messages;
  // A message that does not continue the log was preceded by one that never came.
  if (!messages) return { log, placement: 'gap' };
  return { log: { ...log, messages, position: range.toRev }, placement };
}

/**
 * Shows an own message as soon as it is acknowledged, if it is the next one. Receipts never move positions: the event
 * still comes, finds the row there, and only moves the position.
 */
export function withReceipt(
  log: ConversationLog,
  receipt: SendReceipt,
  senderId: string,
  body: string,
): ConversationLog {
  if (receipt.seq !== lastSeq(log) + 1) return log;
  const { conversationId, messageId, clientId, seq, rev, sentAt } = receipt;
  const message: Message = {
    conversationId,
    messageId,
    clientId,
    seq,
    rev,
    createdRev: rev,
    senderId,
    body,
    sentAt,
  };
  return { ...log, messages: [...log.messages, message] };
}

/** Keeps only the newest messages of a log that nobody looks at. */
export function trimmed(log: ConversationLog, keep: number): ConversationLog {
  if (log.messages.length <= keep) return log;
  return { ...log, messages: log.messages.slice(-keep), hasBefore: true };
}

/** Two runs of messages as one, or nothing if there would be a hole. No row replaces one with a higher rev. */
function joined(first: readonly Message[], second: readonly Message[]): Message[] | undefined {
  const start = second[0];
  const end = first.at(-1);
  if (!start || !end) return [...first, ...second];
  if (start.seq > end.seq + 1) return undefined;
  const bySeq = new Map<number, Message>();
  for (const message of [...first, ...second]) {
    const present = bySeq.get(message.seq);
    if (!present || present.rev <= message.rev) bySeq.set(message.seq, message);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
