import { ComponentFixture, TestBed } from '@angular/core/testing';
import { Router } from '@angular/router';
import { conversation, message, page, user } from '../../../testing/builders';
import { AuthApi } from '../../core/api/auth-api';
import { ConversationsApi } from '../../core/api/conversations-api';
import { PeopleApi } from '../../core/api/people-api';
import { Message } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { PeopleStore } from '../../core/chat/people-store';
import { ChatHub } from '../../core/realtime/chat-hub';
import { MessageActions } from './message-actions';
import { MessageRowView } from './message-row';
import { NoteRowView } from './note-row';
import { timelineRows } from './timeline-rows';

describe('a row of the timeline', () => {
  let calls: string[];
  const names: Record<string, string> = { ana: 'Ana Ruiz', bea: 'Bea Lindqvist', dana: 'Dana' };

  beforeEach(() => {
    calls = [];
    const hub: Partial<ChatHub> = {
      addReaction: (_id, messageId, emoji) => Promise.resolve(calls.push(`+${messageId}${emoji}`)),
      removeReaction: (_id, messageId, emoji) =>
        Promise.resolve(calls.push(`-${messageId}${emoji}`)),
      deleteMessage: (_id, messageId) => {
        calls.push(`delete ${messageId}`);
        return Promise.resolve({ ...message(1) });
      },
      restoreMessage: (_id, messageId) => {
        calls.push(`restore ${messageId}`);
        return Promise.resolve({ ...message(1) });
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: ChatHub, useValue: hub },
        { provide: AuthApi, useValue: {} },
        {
          provide: ConversationsApi,
          useValue: {
            messages: () => Promise.resolve(page(1, 3)),
            message: () => Promise.resolve(message(1, { body: 'quoted from afar' })),
          },
        },
        { provide: PeopleApi, useValue: {} },
        MessageActions,
      ],
    });
    TestBed.inject(SessionStore).setUser(user());
    TestBed.inject(ConversationsStore).put(conversation());
    TestBed.inject(PeopleStore).remember(
      Object.entries(names).map(([id, displayName]) => user({ id, username: id, displayName })),
    );
  });

  async function show(fields: Partial<Message>): Promise<HTMLElement> {
    const [, row] = timelineRows({
      ranges: [{ messages: [message(4, fields)], hasBefore: false }],
      outgoing: [],
      ownId: 'ana',
    });
    const fixture: ComponentFixture<unknown> =
      row?.kind === 'note'
        ? TestBed.createComponent(NoteRowView)
        : TestBed.createComponent(MessageRowView);
    fixture.componentRef.setInput('row', row);
    await fixture.whenStable();
    return fixture.nativeElement as HTMLElement;
  }
  const button = (element: HTMLElement, name: string) =>
    [...element.querySelectorAll('button')].find(
      (candidate) =>
        candidate.getAttribute('aria-label') === name || candidate.textContent.trim() === name,
    );

  it.each<[string, Partial<Message>, string]>([
    ['founding', { system: { type: 'founded' } }, 'Bea Lindqvist started this conversation'],
    ['a join', { system: { type: 'joined', userId: 'bea' } }, 'Bea Lindqvist joined'],
    ['an addition', { system: { type: 'joined', userId: 'dana' } }, 'Bea Lindqvist added Dana'],
    ['a departure', { system: { type: 'left', userId: 'bea' } }, 'Bea Lindqvist left'],
    ['a removal', { system: { type: 'left', userId: 'dana' } }, 'Bea Lindqvist removed Dana'],
    ['a name', { system: { type: 'renamed', name: 'Tea' } }, 'Bea Lindqvist named it “Tea”'],
    [
      'a topic',
      { system: { type: 'topicChanged', topic: 'Pots' } },
      'Bea Lindqvist set the topic: Pots',
    ],
    ['no topic', { system: { type: 'topicChanged' } }, 'Bea Lindqvist removed the topic'],
  ])('tells of %s', async (_name, fields, text) => {
    expect((await show({ body: '', ...fields })).textContent).toContain(text);
  });

  it('shows nothing of what was deleted but that it was', async () => {
    const row = await show({ body: '', deletedAt: '2026-11-23T12:00:00Z', deletedBy: 'bea' });
    expect(row.textContent).toContain('Message deleted');
    expect(row.querySelector('.more')).toBeNull();
    expect(button(row, 'Undo')).toBeUndefined();
  });

  it('offers its author to take the deletion back, for ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const actions = TestBed.inject(MessageActions);
    await actions.delete(message(4, { senderId: 'ana' }));
    const deleted = { senderId: 'ana', body: '', deletedAt: '2026-11-23T12:00:00Z' };
    expect(actions.mayUndo(message(4, deleted))).toBe(true);
    button(await show(deleted), 'Undo')?.click();
    expect(calls).toEqual(['delete m4', 'restore m4']);
    await actions.delete(message(4, { senderId: 'ana' }));
    vi.advanceTimersByTime(10_000);
    expect(actions.mayUndo(message(4, deleted))).toBe(false);
    vi.useRealTimers();
  });

  it('adds and takes away own reactions, and says whose they are', async () => {
    const row = await show({
      reactions: [
        { emoji: '👍', userIds: ['bea', 'ana'] },
        { emoji: '🎉', userIds: ['bea'] },
      ],
    });
    const [thumb, party] = [button(row, '👍 Bea Lindqvist, You'), button(row, '🎉 Bea Lindqvist')];
    expect(thumb?.getAttribute('aria-pressed')).toBe('true');
    expect(thumb?.textContent).toContain('2');
    thumb?.click();
    party?.click();
    expect(calls).toEqual(['-m4👍', '+m4🎉']);
  });

  it('quotes what it answers as it stands now, loaded or not', async () => {
    const replyTo = { messageId: 'm2', seq: 2, senderId: 'bea' };
    await TestBed.inject(MessagesStore).open('c');
    expect((await show({ replyTo })).querySelector('app-quotation')?.textContent).toMatch(
      /Bea Lindqvist\s*message 2/u,
    );
    TestBed.inject(MessagesStore).forget('c');
    await TestBed.inject(MessagesStore).open('c');
    const far = await show({ replyTo: { messageId: 'm1', seq: 0, senderId: 'bea' } });
    await vi.waitFor(() => {
      expect(far.textContent).toContain('message 1');
    });
  });

  it('marks who is called, edits, pins and threads', async () => {
    const row = await show({
      body: 'Look, @ana!',
      mentions: { userIds: ['ana'], all: false },
      editedAt: '2026-11-23T12:30:00Z',
      pinnedAt: '2026-11-23T12:30:00Z',
      pinnedBy: 'dana',
      thread: { replyCount: 2, lastReplySeq: 9, lastReplyAt: '2026-11-23T12:30:00Z' },
    });
    expect(row.classList).toContain('calls');
    expect(row.querySelector('.mention')?.textContent).toBe('@ana');
    expect(row.textContent).toContain('Pinned by Dana');
    expect(button(row, '(edited). Show what it said before')).toBeDefined();
    const thread = button(row, '2 replies');
    const opened = vi.spyOn(TestBed.inject(Router), 'navigate').mockResolvedValue(true);
    TestBed.inject(MessageActions).conversationId = 'c';
    thread?.click();
    expect(opened).toHaveBeenCalledWith(['/c', 'c', 'thread', 'm4']);
  });
});
