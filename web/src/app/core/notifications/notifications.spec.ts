import { TestBed } from '@angular/core/testing';
import { conversation, message, user } from '../../../testing/builders';
import { AuthApi } from '../api/auth-api';
import { ConversationsApi } from '../api/conversations-api';
import { ConversationSummary, ManualState, Message } from '../api/generated/models';
import { PeopleApi } from '../api/people-api';
import { SessionStore } from '../auth/session-store';
import { ConversationsStore } from '../chat/conversations-store';
import { PeopleStore } from '../chat/people-store';
import { Leadership } from '../realtime/leadership';
import { isDisturbing } from './notification-rules';
import { Notice, Notices } from './notices';
import { Notifications } from './notifications';

describe('what may disturb', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const disturbs = (fields: Partial<Message>, summary: Partial<ConversationSummary> = {}) =>
    isDisturbing(message(5, fields), conversation(summary), 'ana', now);
  const call = { mentions: { userIds: ['ana'], all: false } };

  it.each<[string, Partial<Message>, Partial<ConversationSummary>, boolean]>([
    ['a message by somebody else', {}, {}, true],
    ['an own message', { senderId: 'ana' }, {}, false],
    ['a note of the system', { system: { type: 'founded' } }, {}, false],
    ['what was read already', {}, { lastReadSeq: 5 }, false],
    ['a message where only mentions may', {}, { level: 'mentions' }, false],
    ['a mention there', call, { level: 'mentions' }, true],
    ['a call to everybody', { mentions: { userIds: [], all: true } }, { level: 'mentions' }, true],
    ['a mention where nothing may', call, { level: 'none' }, false],
    ['a mention in a muted conversation', call, { mutedUntil: '2026-11-23T13:00:00Z' }, false],
    ['a message after the muting', {}, { mutedUntil: '2026-11-23T11:00:00Z' }, true],
    ['a reply in a thread', { threadOf: 'm1' }, {}, false],
    ['a mention in a thread', { threadOf: 'm1', ...call }, {}, true],
  ])('%s', (_what, fields, summary, expected) => {
    expect(disturbs(fields, summary)).toBe(expected);
  });
});

describe('notifications', () => {
  let shown: Notice[];
  let withdrawn: (string | undefined)[];
  let permission: NotificationPermission;
  let state: ManualState | undefined;
  let notifications: Notifications;

  const wait = async () => {
    await vi.advanceTimersByTimeAsync(3_000);
    TestBed.tick();
  };

  beforeEach(async () => {
    vi.useFakeTimers();
    localStorage.clear();
    shown = [];
    withdrawn = [];
    permission = 'granted';
    state = undefined;
    const notices: Partial<Notices> = {
      get permission() {
        return permission;
      },
      request: () => Promise.resolve(permission),
      show: (notice) => {
        shown.push(notice);
        return Promise.resolve();
      },
      withdraw: (tag) => {
        withdrawn.push(tag);
        return Promise.resolve();
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: Notices, useValue: notices },
        { provide: AuthApi, useValue: {} },
        { provide: ConversationsApi, useValue: {} },
        { provide: PeopleApi, useValue: { status: () => Promise.resolve({ state }) } },
      ],
    });
    TestBed.inject(SessionStore).setUser(user());
    TestBed.inject(PeopleStore).remember([user({ id: 'bea', displayName: 'Bea' })]);
    TestBed.inject(ConversationsStore).put(conversation());
    await TestBed.inject(Leadership).seek();
    notifications = TestBed.inject(Notifications);
    TestBed.tick();
    withdrawn = [];
  });

  afterEach(() => {
    vi.useRealTimers();
    localStorage.clear();
  });

  it('come only when they were asked for and allowed', async () => {
    notifications.consider(message(1));
    await wait();
    expect(shown).toEqual([]);
    await notifications.enable();
    notifications.consider(message(2, { body: 'hello\nthere' }));
    await wait();
    expect(shown).toEqual([
      { tag: 'c', title: 'Bea in Friday', body: 'hello there', path: '/c/c' },
    ]);
  });

  it('are not on because the browser said no', async () => {
    permission = 'denied';
    await notifications.enable();
    expect(notifications.enabled()).toBe(false);
    expect(notifications.blocked()).toBe(true);
  });

  it('do not come for what is read within a moment, wherever', async () => {
    await notifications.enable();
    notifications.consider(message(3));
    TestBed.inject(ConversationsStore).markRead('c', 3);
    await wait();
    expect(shown).toEqual([]);
  });

  it('are withdrawn when they were read elsewhere', async () => {
    await notifications.enable();
    notifications.consider(message(3));
    await wait();
    expect(withdrawn).toEqual([]);
    TestBed.inject(ConversationsStore).applyState('c', conversation({ lastReadSeq: 3 }));
    TestBed.tick();
    expect(withdrawn).toEqual(['c']);
  });

  it('do not come to whoever must not be disturbed', async () => {
    await notifications.enable();
    state = 'doNotDisturb';
    notifications.consider(message(3));
    await wait();
    expect(shown).toEqual([]);
    state = 'away';
    notifications.consider(message(4));
    await wait();
    expect(shown).toHaveLength(1);
  });

  it('come from the leading tab alone', async () => {
    await notifications.enable();
    TestBed.inject(Leadership).resign();
    notifications.consider(message(3));
    await wait();
    expect(shown).toEqual([]);
  });
});
