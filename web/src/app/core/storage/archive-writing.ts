import { IDBPTransaction } from 'idb';
import { ConversationStep } from '../api/events';
import { ConversationSummary, Message, MessagePage, User } from '../api/generated/models';
import { newerRow } from '../chat/conversation-log';
import { place } from '../chat/rev-range';
import {
  ALL_STORES,
  ArchiveDatabase,
  ArchiveSchema,
  StoredList,
  StoredLog,
} from './archive-schema';

/** So many messages of a conversation are kept; twice that before the oldest are let go. */
export const KEPT_MESSAGES = 200;
/** Of so many conversations messages are kept. */
export const KEPT_LOGS = 100;

/** What happened to the messages of a conversation, in the order in which it was heard of. */
export type LogChange =
  | { type: 'step'; step: ConversationStep }
  | { type: 'page'; page: MessagePage; isReset: boolean }
  | { type: 'lost'; conversationId: string };

/** What is written in one transaction: the rows and the positions that they lead to, or neither. */
export interface Batch {
  changes: readonly LogChange[];
  list?: StoredList;
  conversations: readonly ConversationSummary[];
  /** Conversations that one is no longer in. */
  gone: readonly string[];
  people: readonly User[];
}

/** How a batch left the logs. */
export interface Written {
  /** The positions of those that were looked at. */
  positions: Map<string, number>;
  /** Those that a change did not join: something was missed. */
  behind: Set<string>;
  forgotten: Set<string>;
}

type Writing = IDBPTransaction<ArchiveSchema, typeof ALL_STORES, 'readwrite'>;

/**
 * Writes a batch. Messages follow the log rule here as they do in memory, whoever writes and however often: a step is
 * taken where it joins the position, and no row replaces one with a higher rev.
 */
export async function write(
  database: ArchiveDatabase,
  batch: Batch,
  now: number,
): Promise<Written> {
  const writing = database.transaction(ALL_STORES, 'readwrite', { durability: 'relaxed' });
  const written: Written = { positions: new Map(), behind: new Set(), forgotten: new Set() };
  try {
    for (const change of batch.changes) await apply(writing, change, now, written);
    for (const id of batch.gone) {
      await forget(writing, id, written);
      await writing.objectStore('conversations').delete(id);
    }
    for (const summary of batch.conversations) {
      await writing.objectStore('conversations').put(summary);
    }
    for (const person of batch.people) await writing.objectStore('people').put(person);
    if (batch.list) await writing.objectStore('list').put(batch.list, 'list');
    await bound(writing, written);
    await writing.done;
    return written;
  } catch (error) {
    abandon(writing);
    throw error;
  }
}

async function apply(
  writing: Writing,
  change: LogChange,
  now: number,
  written: Written,
): Promise<void> {
  switch (change.type) {
    case 'lost':
      return forget(writing, change.conversationId, written);
    case 'page': {
      const { page, isReset } = change;
      const known = await writing.objectStore('logs').get(page.conversationId);
      if (known && !isReset && known.position >= page.rev) return;
      await forget(writing, page.conversationId, written);
      return note(written, await begin(writing, page, now));
    }
    case 'step': {
      const { conversationId, fromRev } = change.step;
      const kept = await writing.objectStore('logs').get(conversationId);
      const known = kept ?? (fromRev === 0 ? fromTheStart(conversationId, now) : undefined);
      if (!known) return;
      const log = await takeStep(writing, known, change.step, now);
      note(written, log ?? known);
      if (!log) written.behind.add(known.conversationId);
    }
  }
}

/** The log of which a step from 0 on is the beginning. */
function fromTheStart(conversationId: string, touchedAt: number): StoredLog {
  return { conversationId, position: 0, firstSeq: 0, lastSeq: 0, hasBefore: false, touchedAt };
}

function note({ positions, behind, forgotten }: Written, log: StoredLog): void {
  positions.set(log.conversationId, log.position);
  behind.delete(log.conversationId);
  forgotten.delete(log.conversationId);
}

async function begin(writing: Writing, page: MessagePage, now: number): Promise<StoredLog> {
  const messages = page.messages.slice(-KEPT_MESSAGES);
  const log: StoredLog = {
    conversationId: page.conversationId,
    position: page.rev,
    firstSeq: messages[0]?.seq ?? 0,
    lastSeq: messages.at(-1)?.seq ?? 0,
    hasBefore: page.hasBefore || messages.length < page.messages.length,
    touchedAt: now,
  };
  for (const message of messages) await writing.objectStore('messages').put(message);
  await writing.objectStore('logs').put(log);
  return log;
}

/** The log after the step, or nothing if the step does not join it. */
async function takeStep(
  writing: Writing,
  known: StoredLog,
  step: ConversationStep,
  now: number,
): Promise<StoredLog | undefined> {
  const placement = place(known.position, step);
  if (placement === 'known') return known;
  const rows = step.rows.flatMap((row) => (row.type === 'message' ? [row.message] : []));
  if (placement === 'gap' || !joins(known, rows)) return undefined;
  const log = { ...known, position: step.toRev, touchedAt: now };
  for (const message of rows) {
    if (log.lastSeq === 0) log.firstSeq = message.seq;
    if (message.seq < log.firstSeq) continue;
    await keep(writing, message);
    log.lastSeq = Math.max(log.lastSeq, message.seq);
  }
  await trim(writing, log);
  await writing.objectStore('logs').put(log);
  return log;
}

/** Whether every new message follows the one before it. */
function joins({ lastSeq }: StoredLog, rows: readonly Message[]): boolean {
  let last = lastSeq;
  return rows.every(({ seq }) => {
    if (last > 0 && seq > last + 1) return false;
    last = Math.max(last, seq);
    return true;
  });
}

async function keep(writing: Writing, message: Message): Promise<void> {
  const store = writing.objectStore('messages');
  const present = await store.get([message.conversationId, message.seq]);
  await store.put(newerRow(present, message));
}

async function trim(writing: Writing, log: StoredLog): Promise<void> {
  if (log.lastSeq - log.firstSeq < 2 * KEPT_MESSAGES) return;
  const firstSeq = log.lastSeq - KEPT_MESSAGES + 1;
  await writing
    .objectStore('messages')
    .delete(seqs(log.conversationId, log.firstSeq, firstSeq - 1));
  log.firstSeq = firstSeq;
  log.hasBefore = true;
}

async function forget(
  writing: Writing,
  conversationId: string,
  { positions, behind, forgotten }: Written,
): Promise<void> {
  positions.delete(conversationId);
  behind.delete(conversationId);
  forgotten.add(conversationId);
  await writing.objectStore('messages').delete(seqs(conversationId, 0, Infinity));
  await writing.objectStore('logs').delete(conversationId);
}

/** Lets go of the logs that have been untouched for longest. */
async function bound(writing: Writing, written: Written): Promise<void> {
  const excess = (await writing.objectStore('logs').count()) - KEPT_LOGS;
  if (excess <= 0) return;
  const logs = await writing.objectStore('logs').getAll();
  logs.sort((a, b) => a.touchedAt - b.touchedAt);
  for (const { conversationId } of logs.slice(0, excess)) {
    await forget(writing, conversationId, written);
  }
}

/** All messages of a conversation from one seq to another, both included. */
export function seqs(conversationId: string, from: number, to: number): IDBKeyRange {
  return IDBKeyRange.bound([conversationId, from], [conversationId, to]);
}

/** Nothing of it is to be kept; it may have ended by itself. */
function abandon(writing: Writing): void {
  writing.done.catch(() => undefined);
  try {
    writing.abort();
  } catch {
    // It has.
  }
}
