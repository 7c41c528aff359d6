import { message, messages } from '../../../testing/builders';
import { Message } from '../../core/api/generated/models';
import { OutgoingEntry } from '../../core/chat/outbox-queue';
import {
  countAfter,
  MessageRow,
  rowKeyOf,
  threadRows,
  TimelineParts,
  timelineRows,
} from './timeline-rows';

type Fields = Partial<Omit<TimelineParts, 'ranges'>> & { messages?: Message[] };
const range = (said: Message[]) => ({ messages: said, hasBefore: (said[0]?.seq ?? 1) > 1 });
const parts = ({ messages: said = [], ...fields }: Fields): TimelineParts => ({
  ranges: said.length > 0 ? [range(said)] : [],
  outgoing: [],
  ownId: 'ana',
  ...fields,
});
const at = (minutes: number, seconds = 0) =>
  new Date(2026, 10, 23, 12, minutes, seconds).toISOString();
const outgoing = (fields: Partial<OutgoingEntry> = {}): OutgoingEntry => ({
  clientId: 'mine',
  conversationId: 'c',
  body: 'hello',
  queuedAt: new Date(at(3)).getTime(),
  state: 'queued',
  ...fields,
});
const rowsOf = (fields: Fields) =>
  timelineRows(parts(fields)).filter((row): row is MessageRow => row.kind === 'message');
const groups = (fields: Fields) => rowsOf(fields).map((row) => row.startsGroup);

describe('the rows of a timeline', () => {
  it('gather what one person says within five minutes', () => {
    const said = [
      message(1, { sentAt: at(0) }),
      message(2, { sentAt: at(4, 59) }),
      message(3, { sentAt: at(9, 59) }),
      message(4, { sentAt: at(10), senderId: 'chidi' }),
    ];
    expect(groups({ messages: said })).toEqual([true, false, true, true]);
  });

  it('name each day once, and begin a group with it', () => {
    const said = [
      message(1, { sentAt: new Date(2026, 10, 22, 23, 59).toISOString() }),
      message(2, { sentAt: new Date(2026, 10, 23, 0, 1).toISOString() }),
      message(3, { sentAt: new Date(2026, 10, 23, 0, 2).toISOString() }),
    ];
    const kinds = timelineRows(parts({ messages: said })).map((row) => row.kind);
    expect(kinds).toEqual(['day', 'message', 'day', 'message', 'message']);
    expect(groups({ messages: said })).toEqual([true, true, false]);
  });

  it('mark the first unread message of others, once', () => {
    const said = [message(1), message(2, { senderId: 'ana' }), message(3), message(4)];
    const rows = timelineRows(parts({ messages: said, readUpTo: 1 }));
    expect(rows.map((row) => row.kind)).toEqual([
      'day',
      'message',
      'message',
      'unread',
      'message',
      'message',
    ]);
  });

  it('mark nothing while the first unread message is not loaded', () => {
    const rows = timelineRows(parts({ messages: messages(5, 8), readUpTo: 3 }));
    expect(rows.some((row) => row.kind === 'unread')).toBe(false);
    const loaded = timelineRows(parts({ messages: messages(4, 8), readUpTo: 3 }));
    expect(loaded.some((row) => row.kind === 'unread')).toBe(true);
  });

  it('mark nothing when nothing was unread', () => {
    const rows = timelineRows(parts({ messages: messages(1, 3) }));
    expect(rows.some((row) => row.kind === 'unread')).toBe(false);
  });

  it('show what is on its way below everything known', () => {
    const rows = rowsOf({ messages: [message(1, { sentAt: at(0) })], outgoing: [outgoing()] });
    expect(rows.map(({ body }) => body)).toEqual(['message 1', 'hello']);
    expect(rows[1]?.outgoing?.clientId).toBe('mine');
  });

  it('keep the key of a message when it arrives, and show it once', () => {
    const [waiting] = rowsOf({ outgoing: [outgoing()] });
    const mine = message(1, { senderId: 'ana', clientId: 'mine', body: 'hello' });
    const arrived = rowsOf({ messages: [mine], outgoing: [outgoing({ state: 'sent' })] });
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.key).toBe(waiting?.key);
    expect(arrived[0]?.outgoing).toBeUndefined();
  });

  it('never gather anything with a failed message', () => {
    const failed = outgoing({ clientId: 'bad', state: 'failed', problem: 'message_too_long' });
    const rows = { outgoing: [outgoing(), failed, outgoing({ clientId: 'next' })] };
    expect(groups(rows)).toEqual([true, true, true]);
  });

  it('count what others said after a seq', () => {
    const said = [...messages(1, 3), message(4, { senderId: 'ana' }), message(5)];
    expect(countAfter(said, 2, 'ana')).toBe(2);
  });

  it('tell what has happened between the messages, and begin a group after it', () => {
    const joined = message(2, { body: '', system: { type: 'joined', userId: 'dana' } });
    const rows = timelineRows(parts({ messages: [message(1), joined, message(3)] }));
    expect(rows.map((row) => row.kind)).toEqual(['day', 'message', 'note', 'message']);
    expect(rows[2]).toMatchObject({ note: { type: 'joined', userId: 'dana' } });
    expect(groups({ messages: [message(1), joined, message(3)] })).toEqual([true, true]);
  });

  it('keep replies of threads in their threads', () => {
    const said = [message(1), message(2, { threadOf: 'm1' }), message(3)];
    const inThread = outgoing({ threadOf: 'm1' });
    expect(rowsOf({ messages: said, outgoing: [inThread] }).map(({ body }) => body)).toEqual([
      'message 1',
      'message 3',
    ]);
    const rows = threadRows([message(2, { threadOf: 'm1' })], [inThread], 'ana');
    expect(rows.map(({ body }) => body)).toEqual(['message 2', 'hello']);
  });

  it('show an answered quotation before the answer has arrived', () => {
    const replyTo = { messageId: 'm1', seq: 1, senderId: 'bea' };
    const [row] = rowsOf({ outgoing: [outgoing({ replyTo })] });
    expect(row?.outgoing?.replyTo).toEqual(replyTo);
  });

  it('keep the place and the key of what was deleted', () => {
    const deleted = message(2, { body: '', deletedAt: at(2), deletedBy: 'bea' });
    const rows = rowsOf({ messages: [message(1), deleted, message(3)] });
    expect(rows[1]).toMatchObject({ key: rowKeyOf(message(2)), message: deleted, body: '' });
  });

  it('count and divide by what others wrote for everybody alone', () => {
    const quiet = [
      message(2, { system: { type: 'founded' } }),
      message(3, { threadOf: 'm1' }),
      message(4, { deletedAt: at(2) }),
    ];
    expect(countAfter(quiet, 1, 'ana')).toBe(0);
    const rows = timelineRows(parts({ messages: [message(1), ...quiet, message(5)], readUpTo: 1 }));
    expect(rows.map((row) => row.kind).slice(-2)).toEqual(['unread', 'message']);
  });

  it('show a gap where something is not loaded, and begin a group after it', () => {
    const ranges = [range(messages(1, 2)), range(messages(8, 9))];
    const rows = timelineRows({ ranges, outgoing: [], ownId: 'ana', readUpTo: 5 });
    expect(rows.map(({ kind }) => kind)).toEqual([
      'day',
      'message',
      'message',
      'gap',
      'day',
      'message',
      'message',
    ]);
    expect(rows[3]).toMatchObject({ after: 2, before: 8 });
    expect(rows[5]).toMatchObject({ startsGroup: true });
  });
});
