import { Message, MessagePage, ReplyReference, SendReceipt } from '../api/generated/models';
import { ConversationStep } from '../api/events';
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

/** What of an own message its receipt does not say. */
export interface SentMessage {
  senderId: string;
  body: string;
  replyTo?: ReplyReference;
  threadOf?: string;
}

export function lastSeq(log: ConversationLog): number {
  return log.messages.at(-1)?.seq ?? 0;
}

/** The newest page is where a log begins. */
export function logFromPage(page: MessagePage): ConversationLog {
  return { position: page.rev, messages: page.messages, hasBefore: page.hasBefore };
}

/**
 * Applies a step. A change of a message older than the log only moves the position. A new message that does not
 * continue the log shows that something was missed, whatever the revs say.
 */
export function withStep(
  log: ConversationLog,
  step: ConversationStep,
): { log: ConversationLog; placement: Placement } {
  const placement = place(log.position, step);
  if (placement !== 'next') return { log, placement };
  const rows = step.rows.filter((row) => row.type === 'message');
  const messages = rows.length > 0 ? [...log.messages] : log.messages;
  for (const { message } of rows) {
    if (!put(messages as Message[], message)) return { log, placement: 'gap' };
  }
  return { log: { ...log, messages, position: step.toRev }, placement };
}

/**
 * Shows an own message as soon as it is acknowledged, if it is the next one. Receipts never move positions: the event
 * still comes, finds the row there, and only moves the position.
 */
export function withReceipt(
  log: ConversationLog,
  receipt: SendReceipt,
  sent: SentMessage,
): ConversationLog {
  if (receipt.seq !== lastSeq(log) + 1) return log;
  const message: Message = { ...receipt, ...sent, createdRev: receipt.rev };
  return { ...log, messages: [...log.messages, message] };
}

/** Keeps only the newest messages of a log that nobody looks at. */
export function trimmed(log: ConversationLog, keep: number): ConversationLog {
  if (log.messages.length <= keep) return log;
  return { ...log, messages: log.messages.slice(-keep), hasBefore: true };
}

/** The one of two rows of a message that holds: no row replaces one with a higher rev. */
export function newerRow(present: Message | undefined, message: Message): Message {
  return present && present.rev > message.rev ? present : message;
}

/** Puts a row in its place, before which nothing is kept; false if it lies beyond the next place. */
function put(messages: Message[], message: Message): boolean {
  const index = message.seq - (messages[0]?.seq ?? message.seq);
  if (index > messages.length) return false;
  if (index >= 0) messages[index] = newerRow(messages[index], message);
  return true;
}
