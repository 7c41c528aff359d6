import { ReplyReference, SendReceipt } from '../api/generated/models';

/**
 * A message on its way. `queued`: it has to be sent; `sending`: an answer is awaited; `sent`: acknowledged, and shown
 * here until the log has it; `failed`: refused, or too old to be sent without asking.
 */
export type OutgoingState = 'queued' | 'sending' | 'sent' | 'failed';

export interface OutgoingEntry {
  readonly clientId: string;
  readonly conversationId: string;
  readonly body: string;
  /** The message that it answers. */
  readonly replyTo?: ReplyReference;
  /** The message whose thread it is for. */
  readonly threadOf?: string;
  /** Milliseconds of this machine's clock, later than those of everything queued before; only compared with itself. */
  readonly queuedAt: number;
  readonly sentAt?: string;
  readonly state: OutgoingState;
  /** The code of the refusal. */
  readonly problem?: string;
}

/** In the order of writing. */
export type Outgoing = readonly OutgoingEntry[];

/** After this long without an answer a message is not sent without asking. */
export const STALE_AFTER_MS = 10 * 60_000;
/** The problem code of such a message. */
export const STALE = 'stale';

/** Whether it is going to be sent, again and again, until there is an answer. */
export function isUnderWay({ state }: OutgoingEntry): boolean {
  return state === 'queued' || state === 'sending';
}

/** The next message to send: one at a time in each conversation, in the order of writing. */
export function nextOf(entries: Outgoing, conversationId: string): OutgoingEntry | undefined {
  return entries.find((entry) => entry.conversationId === conversationId && isUnderWay(entry));
}

export function isStale(entry: OutgoingEntry, now: number): boolean {
  return now - entry.queuedAt > STALE_AFTER_MS;
}

/** A time after that of every entry, even if the clock was set back or did not move. */
export function timeAfter(entries: Outgoing, now: number): number {
  return Math.max(now, (entries.at(-1)?.queuedAt ?? 0) + 1);
}

/** Puts an entry in its place, or in the place of what was known of it. */
export function withEntry(entries: Outgoing, entry: OutgoingEntry): Outgoing {
  return [...removed(entries, entry.clientId), entry].sort((a, b) => a.queuedAt - b.queuedAt);
}

/** What was kept on the disk was written before what has been written here since, whatever the clock says. */
export function withKept(entries: Outgoing, kept: Outgoing): Outgoing {
  const known = new Set(entries.map(({ clientId }) => clientId));
  const older = kept.filter(({ clientId }) => !known.has(clientId)).reduce<Outgoing>(withEntry, []);
  if (older.length === 0) return entries;
  return entries.reduce(
    (all, entry) => withEntry(all, { ...entry, queuedAt: timeAfter(all, entry.queuedAt) }),
    older,
  );
}

export function inState(entries: Outgoing, clientId: string, state: OutgoingState): Outgoing {
  return changed(entries, clientId, (entry) => ({ ...entry, state }));
}

export function acknowledged(entries: Outgoing, receipt: SendReceipt): Outgoing {
  return changed(entries, receipt.clientId, (entry) => ({
    ...entry,
    state: 'sent',
    sentAt: receipt.sentAt,
  }));
}

export function refused(entries: Outgoing, clientId: string, problem: string): Outgoing {
  return changed(entries, clientId, (entry) => ({ ...entry, state: 'failed', problem }));
}

/** Queued again, behind what was written since, under the same client id. */
export function retried(entries: Outgoing, clientId: string, now: number): Outgoing {
  const entry = entries.find((candidate) => candidate.clientId === clientId);
  if (!entry) return entries;
  const { problem: _problem, ...rest } = entry;
  return withEntry(entries, { ...rest, state: 'queued', queuedAt: timeAfter(entries, now) });
}

export function removed(entries: Outgoing, clientId: string): Outgoing {
  return entries.filter((entry) => entry.clientId !== clientId);
}

function changed(
  entries: Outgoing,
  clientId: string,
  change: (entry: OutgoingEntry) => OutgoingEntry,
): Outgoing {
  return entries.map((entry) => (entry.clientId === clientId ? change(entry) : entry));
}
