import { receipt } from '../../../testing/builders';
import {
  acknowledged,
  isStale,
  nextOf,
  Outgoing,
  OutgoingEntry,
  refused,
  removed,
  retried,
  STALE_AFTER_MS,
  timeAfter,
  withEntry,
} from './outbox-queue';

const entry = (clientId: string, fields: Partial<OutgoingEntry> = {}): OutgoingEntry => ({
  clientId,
  conversationId: 'c',
  body: clientId,
  queuedAt: 0,
  state: 'queued',
  ...fields,
});
const ids = (entries: Outgoing) => entries.map(({ clientId }) => clientId);

describe('the queue of outgoing messages', () => {
  const queue = [entry('one'), entry('two'), entry('other', { conversationId: 'd' })];

  it('sends in the order of writing, each conversation by itself', () => {
    expect(nextOf(queue, 'c')?.clientId).toBe('one');
    expect(nextOf(queue, 'd')?.clientId).toBe('other');
  });

  it('goes on after an acknowledgement and after a refusal', () => {
    expect(nextOf(acknowledged(queue, receipt(1, 'one')), 'c')?.clientId).toBe('two');
    expect(nextOf(refused(queue, 'one', 'message_too_long'), 'c')?.clientId).toBe('two');
  });

  it('keeps a refused message until somebody decides', () => {
    const [first] = refused(queue, 'one', 'message_too_long');
    expect(first).toMatchObject({ state: 'failed', problem: 'message_too_long', body: 'one' });
  });

  it('retries under the same client id, after what was written since', () => {
    const again = retried(refused(queue, 'one', 'stale'), 'one', 5_000);
    expect(ids(again)).toEqual(['two', 'other', 'one']);
    expect(again[2]).toMatchObject({ state: 'queued', queuedAt: 5_000 });
    expect(again[2]?.problem).toBeUndefined();
  });

  it('forgets what was discarded or has arrived', () => {
    expect(ids(removed(queue, 'one'))).toEqual(['two', 'other']);
  });

  it('keeps the order of writing when the clock is set back', () => {
    const late = withEntry(queue, entry('late', { queuedAt: 9_000 }));
    const after = entry('after', { queuedAt: timeAfter(late, 1_000) });
    expect(ids(withEntry(late, after)).slice(-2)).toEqual(['late', 'after']);
    expect(ids(withEntry(withEntry(late, after), { ...after, state: 'sending' }))).toHaveLength(5);
  });

  it('asks before sending what has waited too long', () => {
    expect(isStale(entry('one'), STALE_AFTER_MS)).toBe(false);
    expect(isStale(entry('one'), STALE_AFTER_MS + 1)).toBe(true);
  });
});
