import { conversation, message, received, user } from '../../../testing/builders';
import {
  afterMemberChange,
  afterMessage,
  afterRead,
  byActivity,
  UNREAD_CAP,
  withList,
} from './conversation-list';

const known = (...list: ReturnType<typeof conversation>[]) => new Map(list.map((c) => [c.id, c]));

describe('the list of conversations', () => {
  it('counts messages of others as unread', () => {
    const after = afterMessage(conversation({ unreadCount: 1 }), received(1), 'ana');
    expect(after).toMatchObject({ unreadCount: 2, lastSeq: 1, rev: 1 });
    expect(after.lastMessage).toEqual(message(1));
  });

  it('stops counting where the server does', () => {
    const after = afterMessage(conversation({ unreadCount: UNREAD_CAP }), received(1), 'ana');
    expect(after.unreadCount).toBe(UNREAD_CAP);
  });

  it('never counts own messages, and reads on with them', () => {
    const after = afterMessage(conversation(), received(1, { senderId: 'ana' }), 'ana');
    expect(after).toMatchObject({ unreadCount: 0, lastReadSeq: 1 });
  });

  it('does not take an own message for having read what came before it', () => {
    const before = conversation({ lastReadSeq: 2, unreadCount: 1, lastSeq: 3 });
    const after = afterMessage(before, received(4, { senderId: 'ana' }), 'ana');
    expect(after).toMatchObject({ unreadCount: 1, lastReadSeq: 2 });
  });

  it('moves read markers only forward', () => {
    const read = conversation({ lastReadSeq: 5, unreadCount: 0 });
    expect(afterRead(read, 3, 2)).toBe(read);
    expect(afterRead(read, 7, 1)).toMatchObject({ lastReadSeq: 7, unreadCount: 1 });
  });

  it('counts members as they come and go, and notices when it is oneself', () => {
    const event = { conversationId: 'c', user: user(), rev: 1, fromRev: 0, toRev: 1 };
    const left = afterMemberChange(conversation(), { ...event, joined: false }, 'ana');
    expect(left).toMatchObject({ memberCount: 2, joined: false });
    expect(left.role).toBeUndefined();
    const gained = afterMemberChange(
      conversation({ role: 'owner' }),
      { ...event, user: user({ id: 'bea' }), role: 'member', joined: true },
      'ana',
    );
    expect(gained).toMatchObject({ memberCount: 4, joined: true, role: 'owner' });
  });

  it('is overwritten by a load, except where events know more', () => {
    const ahead = conversation({ id: 'a', rev: 9, unreadCount: 4 });
    const wrong = conversation({ id: 'b', rev: 3, unreadCount: 7 });
    const list = withList(known(ahead, wrong, conversation({ id: 'gone' })), [
      conversation({ id: 'a', rev: 8, unreadCount: 3 }),
      conversation({ id: 'b', rev: 3, unreadCount: 0 }),
    ]);
    expect([...list.keys()]).toEqual(['a', 'b']);
    expect(list.get('a')?.unreadCount).toBe(4);
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
