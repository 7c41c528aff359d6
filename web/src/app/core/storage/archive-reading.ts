import { ConversationSummary, Message, User } from '../api/generated/models';
import { ConversationLog } from '../chat/conversation-log';
import { ArchiveDatabase, StoredList } from './archive-schema';
import { seqs } from './archive-writing';

/** What a visit begins with, before the network has said anything. */
export interface Beginning {
  list: StoredList;
  conversations: ConversationSummary[];
  people: User[];
  /** The position of every log. */
  positions: Map<string, number>;
}

/** What the last visit left, as it stood at one moment; nothing if it left no list. */
export async function readBeginning(database: ArchiveDatabase): Promise<Beginning | undefined> {
  const reading = database.transaction(['list', 'conversations', 'people', 'logs']);
  const [list, conversations, people, logs] = await Promise.all([
    reading.objectStore('list').get('list'),
    reading.objectStore('conversations').getAll(),
    reading.objectStore('people').getAll(),
    reading.objectStore('logs').getAll(),
    reading.done,
  ]);
  const positions = new Map(logs.map((log) => [log.conversationId, log.position]));
  return list && { list, conversations, people, positions };
}

/** The newest messages of a conversation and the position that goes with them. */
export async function readLog(
  database: ArchiveDatabase,
  conversationId: string,
): Promise<ConversationLog | undefined> {
  const reading = database.transaction(['logs', 'messages']);
  const [log, messages] = await Promise.all([
    reading.objectStore('logs').get(conversationId),
    reading.objectStore('messages').getAll(seqs(conversationId, 0, Infinity)),
    reading.done,
  ]);
  if (!log || !isWhole(messages, log.firstSeq, log.lastSeq)) return undefined;
  return { position: log.position, messages, hasBefore: log.hasBefore };
}

/** Whether nothing was taken out from under us, as browsers and people with tools may. */
function isWhole(messages: readonly Message[], firstSeq: number, lastSeq: number): boolean {
  const count = lastSeq === 0 ? 0 : lastSeq - firstSeq + 1;
  return messages.length === count && messages.every(({ seq }, index) => seq === firstSeq + index);
}
