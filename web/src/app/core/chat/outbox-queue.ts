import { ReplyReference, SendReceipt } from '../api/generated/models';

/**
 * A message on its way. `waiting`: sent again and again until answered; `sent`: acknowledged, and shown here until the
 * log has it; `failed`: refused, or too old to be sent without asking.
 */
export interface OutgoingEntry {
  readonly clientId: string;
  readonly conversationId: string;
  readonly body: string;
  /** The message that it answers. */
  readonly replyTo?: ReplyReference;
  /** The message whose thread it is for. */
  readonly threadOf?: string;
  /** Milliseconds of this machine's clock; only compared with itself. */
  readonly queuedAt: number;
  readonly sentAt?: string;
  readonly state: 'waiting' | 'sent' | 'failed';
  /** The code of the refusal. */
  readonly problem?: string;
}

export type Outgoing = readonly OutgoingEntry[];

/** After this long without an answer a message is not sent without asking. */
export const STALE_AFTER_MS = 10 * 60_000;
/** The problem code of such a message. */
export const STALE = 'stale';

/** The next message to send: one at a time in each conversation, in the order of writing. */
export function nextOf(entries: Outgoing, conversationId: string): OutgoingEntry | undefined {
  return entries.find(
    (entry) => entry.conversationId === conversationId && entry.state === 'waiting',
  );
}

export function isStale(entry: OutgoingEntry, now: number): boolean {
  return now - entry.queuedAt > STALE_AFTER_MS;
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

/** Back to waiting, at the end of its conversation's queue, under the same client id. */
export function retried(entries: Outgoing, clientId: string, now: number): Outgoing {
  const entry = entries.find((candidate) => candidate.clientId === clientId);
  if (!entry) return entries;
  const { problem: _problem, ...rest } = entry;
  return [...removed(entries, clientId), { ...rest, state: 'waiting', queuedAt: now }];
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
