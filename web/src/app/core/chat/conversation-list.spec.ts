import { conversation, message, posted, step, user } from '../../../testing/builders';
import { Message, PersonalState, Row } from '../api/generated/models';
import {
  afterReading,
  afterState,
  afterStep,
  byActivity,
  changesCounts,
  disturbingCount,
  withList,
} from './conversation-list';

const known = (...list: ReturnType<typeof conversation>[]) => new Map(list.map((c) => [c.id, c]));
const state = (fields: Partial<PersonalState>): PersonalState => ({
  lastReadSeq: 0,
  unreadCount: 0,
  mentionCount: 0,
  level: 'all',
  ...fields,
});
const rowStep = (row: Row) => ({ conversationId: 'c', fromRev: 0, toRev: 1, rows: [row] });
const member = (id: string, joined: boolean): Row => ({
  type: 'member',
  user: user({ id }),
  ...(joined ? { role: 'admin' as const } : {}),
  joined,
  rev: 1,
});

describe('the list of conversations', () => {
  it('takes the last message from the log, and leaves counting to the server', () => {
    const after = afterStep(conversation({ unreadCount: 1 }), posted(1), 'ana');
    expect(after).toMatchObject({ unreadCount: 1, lastSeq: 1, rev: 1 });
    expect(after.lastMessage).toEqual(message(1));
  });

  it('shows the last message as it stands now, and no reply of a thread', () => {
    const before = conversation({ lastMessage: message(4), lastSeq: 4 });
    const edited = message(4, { rev: 6, body: 'edited' });
    expect(afterStep(before, step(5, 6, edited), 'ana').lastMessage?.body).toBe('edited');
    const older = message(2, { rev: 6, body: 'edited' });
    expect(afterStep(before, step(5, 6, older), 'ana').lastMessage).toEqual(message(4));
    const reply = message(5, { threadOf: 'm1' });
    const after = afterStep(before, step(5, 6, reply), 'ana');
    expect(after).toMatchObject({ lastMessage: message(4), lastSeq: 5 });
  });

  it('reads on with own messages, but not over what came before them', () => {
    const own = { senderId: 'ana' };
    expect(afterStep(conversation(), posted(1, own), 'ana').lastReadSeq).toBe(1);
    const behind = conversation({ lastReadSeq: 2, unreadCount: 1, lastSeq: 3 });
    expect(afterStep(behind, posted(4, own), 'ana')).toMatchObject({
      unreadCount: 1,
      lastReadSeq: 2,
    });
  });

  it('notices its own role and departure, and another name', () => {
    expect(afterStep(conversation(), rowStep(member('ana', true)), 'ana').role).toBe('admin');
    expect(afterStep(conversation(), rowStep(member('ana', false)), 'ana').joined).toBe(false);
    expect(afterStep(conversation(), rowStep(member('bea', false)), 'ana').joined).toBe(true);
    const settings: Row = { type: 'settings', name: 'Monday', history: 'all', rev: 1 };
    const renamed = afterStep(conversation({ topic: 'old' }), rowStep(settings), 'ana');
    expect(renamed).toMatchObject({ name: 'Monday', history: 'all' });
    expect(renamed.topic).toBeUndefined();
  });

  it.each<[string, boolean, Partial<Message>]>([
    ['a message of another', true, {}],
    ['a deletion of what is unread', true, { rev: 9, deletedAt: '2026-11-23T12:00:00Z' }],
    ['an own message', false, { senderId: 'ana' }],
    ['a note of the system', false, { system: { type: 'founded' } }],
    ['a reply in a thread', false, { threadOf: 'm1' }],
    ['a change of what was read', false, { seq: 2 }],
  ])('asks for the counts after %s: %s', (_name, asks, fields) => {
    const summary = conversation({ lastReadSeq: 4 });
    expect(changesCounts(summary, step(8, 9, message(5, fields)), 'ana')).toBe(asks);
  });

  it('asks for the counts after changes beyond what was marked as unread, and of members', () => {
    const marked = conversation({ lastReadSeq: 4, unreadFrom: 2 });
    expect(changesCounts(marked, step(8, 9, message(3)), 'ana')).toBe(true);
    expect(changesCounts(conversation(), rowStep(member('bea', true)), 'ana')).toBe(true);
  });

  it('takes counts and markers from the server, and shows at once what was read', () => {
    const summary = conversation({ lastReadSeq: 5, unreadCount: 3, mutedUntil: 'later' });
    const on = afterState(summary, state({ lastReadSeq: 7, unreadCount: 1, mentionCount: 1 }));
    expect(on).toMatchObject({ lastReadSeq: 7, unreadCount: 1, mentionCount: 1 });
    expect(on.mutedUntil).toBeUndefined();
    const marked = afterState(on, state({ lastReadSeq: 7, unreadFrom: 6, unreadCount: 2 }));
    expect(marked).toMatchObject({ unreadFrom: 6, unreadCount: 2, mentionCount: 0 });
    expect(afterReading(marked, 8)).toMatchObject({ lastReadSeq: 8, unreadCount: 0 });
    expect(afterReading(marked, 2)).toMatchObject({ lastReadSeq: 7, unreadCount: 0 });
    expect(afterReading(marked, 2).unreadFrom).toBeUndefined();
  });

  it('lets only that disturb which its reader wants', () => {
    const now = new Date('2026-11-23T12:00:00Z');
    const counts = { unreadCount: 5, mentionCount: 2 };
    const count = (fields: Partial<PersonalState>) =>
      disturbingCount(state({ ...counts, ...fields }), now);
    expect(count({})).toBe(5);
    expect(count({ level: 'mentions' })).toBe(2);
    expect(count({ level: 'none' })).toBe(0);
    expect(count({ mutedUntil: '2026-11-23T13:00:00Z' })).toBe(0);
    expect(count({ mutedUntil: '2026-11-23T11:00:00Z' })).toBe(5);
  });

  it('is overwritten by a load, except where events know more', () => {
    const ahead = conversation({ id: 'a', rev: 9, name: 'New', lastReadSeq: 2 });
    const wrong = conversation({ id: 'b', rev: 3, unreadCount: 7 });
    const list = withList(known(ahead, wrong, conversation({ id: 'gone' })), [
      conversation({ id: 'a', rev: 8, name: 'Old', lastReadSeq: 2, unreadCount: 3 }),
      conversation({ id: 'b', rev: 3, unreadCount: 0 }),
    ]);
    expect([...list.keys()]).toEqual(['a', 'b']);
    expect(list.get('a')).toMatchObject({ name: 'New', rev: 9, unreadCount: 3 });
    expect(list.get('b')?.unreadCount).toBe(0);
  });

  it('stands in the order of activity', () => {
    const quiet = conversation({ id: 'quiet', createdAt: '2026-01-01T00:00:00Z' });
    const fresh = conversation({ id: 'fresh', createdAt: '2026-11-23T13:00:00Z' });
    const busy = conversation({ id: 'busy', lastMessage: message(5) });
    expect(byActivity(known(quiet, busy, fresh)).map(({ id }) => id)).toEqual([
      'fresh',
      'busy',
      'quiet',
    ]);
  });
});
