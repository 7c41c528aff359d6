import { DBSchema, IDBPDatabase } from 'idb';
import { ConversationSummary, Message, User } from '../api/generated/models';
import { open } from './databases';

/** What is known of a conversation whose newest messages are kept. */
export interface StoredLog {
  conversationId: string;
  /** Every change up to this rev is in the messages kept, as far as they reach back. */
  position: number;
  /** The messages from the first seq to the last are kept, without a hole; none while the last is 0. */
  firstSeq: number;
  lastSeq: number;
  /** Whether older messages exist on the server. */
  hasBefore: boolean;
  /** When it last changed, by this machine's clock: the longest untouched are forgotten first. */
  touchedAt: number;
}

/** Where the list of conversations stood. */
export interface StoredList {
  epoch: string;
  userRev: number;
}

export interface ArchiveSchema extends DBSchema {
  list: { key: 'list'; value: StoredList };
  conversations: { key: string; value: ConversationSummary };
  people: { key: string; value: User };
  logs: { key: string; value: StoredLog };
  messages: { key: [conversationId: string, seq: number]; value: Message };
}

export type ArchiveDatabase = IDBPDatabase<ArchiveSchema>;

/** Everything that is written together. */
export const ALL_STORES = ['list', 'conversations', 'people', 'logs', 'messages'] as const;

export function openArchive(name: string): Promise<ArchiveDatabase> {
  return open<ArchiveSchema>(name, (database) => {
    database.createObjectStore('list');
    database.createObjectStore('conversations', { keyPath: 'id' });
    database.createObjectStore('people', { keyPath: 'id' });
    database.createObjectStore('logs', { keyPath: 'conversationId' });
    database.createObjectStore('messages', { keyPath: ['conversationId', 'seq'] });
  });
}
