import { conversation, message, user } from '../../../testing/builders';
import { peopleToMeet, SidebarContext, sidebarRow } from './sidebar-rows';

const names: Record<string, string> = { bea: 'Bea Lindqvist', chidi: 'Chidi Okafor' };
const context = (fields: Partial<SidebarContext> = {}): SidebarContext => ({
  ownId: 'ana',
  now: new Date('2026-11-23T15:00:00Z'),
  nameOf: (id) => names[id],
  typingIn: () => [],
  draftOf: () => '',
  ...fields,
});
const bea = user({ id: 'bea', username: 'bea', displayName: 'Bea Lindqvist' });
const preview = (fields: Parameters<typeof conversation>[0], around = context()) =>
  sidebarRow(conversation(fields), around).preview;

describe('a row of the sidebar', () => {
  it('is called after the other person, or by its own name', () => {
    const direct = sidebarRow(conversation({ kind: 'direct', peer: bea }), context());
    expect(direct).toMatchObject({ name: 'Bea Lindqvist', sign: 'person', peerId: 'bea' });
    expect(sidebarRow(conversation(), context())).toMatchObject({ name: 'Friday', sign: 'group' });
  });

  it('shows what was said last, and in a group by whom', () => {
    expect(preview({ lastMessage: message(1, { body: 'two\nlines' }) })).toBe('Bea: two lines');
    expect(preview({ lastMessage: message(1, { senderId: 'ana' }) })).toBe('You: message 1');
    expect(preview({ kind: 'direct', peer: bea, lastMessage: message(1) })).toBe('message 1');
    expect(preview({})).toBe('No messages yet');
  });

  it('prefers who is typing to a draft, and a draft to what was said', () => {
    const said = { lastMessage: message(1) };
    const draft = context({ draftOf: () => 'half a thought' });
    expect(sidebarRow(conversation(said), draft)).toMatchObject({
      preview: 'half a thought',
      isDraft: true,
    });
    const typing = context({ draftOf: () => 'half', typingIn: () => ['bea', 'chidi'] });
    expect(sidebarRow(conversation(said), typing)).toMatchObject({
      preview: 'Bea and Chidi are typing…',
      isDraft: false,
    });
  });

  it('counts to ninety-nine', () => {
    const unread = (unreadCount: number) => sidebarRow(conversation({ unreadCount }), context());
    expect(unread(0)).toMatchObject({ unread: '', unreadText: '' });
    expect(unread(99)).toMatchObject({ unread: '99', unreadText: '99 unread' });
    expect(unread(100)).toMatchObject({ unread: '99+', unreadText: '99+ unread' });
  });

  it('stands for everybody once', () => {
    const chidi = user({ id: 'chidi' });
    const direct = conversation({ kind: 'direct', peer: bea });
    expect(peopleToMeet([bea, chidi], [direct, conversation()])).toEqual([chidi]);
  });

  it('says what was deleted, and what has happened', () => {
    const deleted = message(1, { body: '', deletedAt: '2026-11-23T12:00:00Z' });
    expect(preview({ lastMessage: deleted })).toBe('Bea: Message deleted');
    const founded = message(1, { body: '', system: { type: 'founded' } });
    expect(preview({ lastMessage: founded })).toBe('No messages yet');
    const renamed = message(1, { body: '', system: { type: 'renamed', name: 'Tea' } });
    expect(preview({ lastMessage: renamed })).toBe('Bea Lindqvist named it “Tea”');
  });

  it('tells of mentions, and is quiet where nothing may disturb', () => {
    const counts = { unreadCount: 3, mentionCount: 1 };
    const row = (fields: object) => sidebarRow(conversation({ ...counts, ...fields }), context());
    expect(row({})).toMatchObject({
      mentioned: true,
      mentionText: 'you are mentioned',
      quiet: false,
    });
    expect(row({ level: 'mentions', mentionCount: 0 })).toMatchObject({
      quiet: true,
      muted: false,
    });
    expect(row({ level: 'mentions' })).toMatchObject({ mentioned: true, quiet: false });
    expect(row({ mutedUntil: '2026-11-23T16:00:00Z' })).toMatchObject({
      mentioned: false,
      quiet: true,
      muted: true,
    });
  });
});
