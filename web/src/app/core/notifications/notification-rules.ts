import { ConversationSummary, Message } from '../api/generated/models';
import { isMuted } from '../chat/conversation-list';

/** Whether a new message is worth disturbing for: others wrote it, and its conversation may disturb by it. */
export function isDisturbing(
  message: Message,
  summary: ConversationSummary,
  ownId: string,
  now: Date,
): boolean {
  const { senderId, system, deletedAt, threadOf, mentions, seq } = message;
  if (senderId === ownId || system || deletedAt || seq <= summary.lastReadSeq) return false;
  if (isMuted(summary, now)) return false;
  const calls = mentions?.all === true || mentions?.userIds.includes(ownId) === true;
  // What is said in a thread concerns who is called there; who else follows it is not known here.
  return calls || (summary.level === 'all' && !threadOf);
}
