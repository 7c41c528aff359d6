import { message, messages } from '../../../testing/builders';
import { OutgoingEntry } from '../../core/chat/outbox-queue';
import { countAfter, MessageRow, TimelineParts, timelineRows } from './timeline-rows';

const parts = (fields: Partial<TimelineParts>): TimelineParts => ({
  messages: [],
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
  state: 'waiting',
  ...fields,
});
const rowsOf = (fields: Partial<TimelineParts>) =>
  timelineRows(parts(fields)).filter((row): row is MessageRow => row.kind === 'message');
const groups = (fields: Partial<TimelineParts>) => rowsOf(fields).map((row) => row.startsGroup);

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
});
