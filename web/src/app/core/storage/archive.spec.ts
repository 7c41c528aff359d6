import { TestBed } from '@angular/core/testing';
import { session, user } from '../../../testing/builders';
import { FakeNetwork } from '../../../testing/fake-hub';
import { emptyStorage, useFakeStorage } from '../../../testing/fake-storage';
import { FakeTabs } from '../../../testing/fake-tabs';
import { LogModel } from '../../../testing/log-model';
import { AuthApi } from '../api/auth-api';
import { ConversationsApi, PageRequest } from '../api/conversations-api';
import { messageStep } from '../api/events';
import { PeopleApi } from '../api/people-api';
import { Problem } from '../api/problem';
import { SyncRequest } from '../api/generated/models';
import { SessionStore } from '../auth/session-store';
import { ConversationsStore } from '../chat/conversations-store';
import { Live } from '../chat/live';
import { MessagesStore } from '../chat/messages-store';
import { HUB_FACTORY, RealtimeConnection } from '../realtime/realtime-connection';
import { TAB_CHANNELS } from '../realtime/tab-channel';
import { Archive } from './archive';

describe('what one visit leaves for the next', () => {
  useFakeStorage();
  let model: LogModel;
  let network: FakeNetwork;
  let requests: string[];
  let warnings: unknown[];

  const settle = (ms = 5_000) => vi.advanceTimersByTimeAsync(ms);
  const conversations = () => TestBed.inject(ConversationsStore);
  const log = () => TestBed.inject(MessagesStore).messagesOf('c').log;
  const earlier = () => TestBed.inject(MessagesStore).messagesOf('c').earlier;
  const ends = () => [log()?.messages[0]?.seq, log()?.messages.at(-1)?.seq];
  const bodies = () => log()?.messages.map(({ body }) => body);

  /** Opens the page; without a network everything fails. */
  async function visit(): Promise<void> {
    TestBed.resetTestingModule();
    requests = [];
    const asking = <T>(what: string, answer: () => T): Promise<T> => {
      requests.push(what);
      return network.up ? Promise.resolve(answer()) : Promise.reject(new Problem('unreachable'));
    };
    const { epoch } = model;
    TestBed.configureTestingModule({
      providers: [
        { provide: HUB_FACTORY, useValue: network.factory },
        { provide: TAB_CHANNELS, useValue: new FakeTabs().open },
        {
          provide: ConversationsApi,
          useValue: {
            list: () =>
              asking('list', () => ({ epoch, userRev: 0, conversations: [model.summary()] })),
            get: () => asking('one', () => model.summary()),
            messages: (_id: string, request: PageRequest) =>
              asking('messages', () => model.page(request)),
          },
        },
        { provide: PeopleApi, useValue: { get: (id: string) => Promise.resolve(user({ id })) } },
        {
          provide: AuthApi,
          useValue: {
            hubTicket: () => asking('ticket', () => ({ ticket: 't', expiresIn: 60 })),
            refresh: () => asking('refresh', () => session({ expiresIn: 1e6 })),
          },
        },
      ],
    });
    localStorage.setItem('hubbub.signedIn', 'yes');
    void TestBed.inject(SessionStore).restore();
    await settle(0);
    TestBed.inject(Live);
    TestBed.tick();
    await settle();
    if (network.up) {
      network.hub.answer = (method, [request]) =>
        Promise.resolve(method === 'Sync' ? model.sync(request as SyncRequest) : undefined);
      network.hub.emit('Heads', model.heads());
    }
    await settle();
  }

  async function openConversation(at?: number): Promise<void> {
    void TestBed.inject(MessagesStore).open('c', at === undefined ? {} : { at });
    await settle();
  }

  const leave = async () => {
    await settle();
    TestBed.inject(RealtimeConnection).stop();
  };

  beforeEach(() => {
    vi.useFakeTimers();
    warnings = [];
    vi.spyOn(console, 'warn').mockImplementation((...words) => warnings.push(words));
    network = new FakeNetwork();
    model = new LogModel();
    model.member('ana', true);
    for (const body of ['one', 'two', 'three']) model.post({ body });
  });

  afterEach(async () => {
    await settle(100);
    vi.clearAllTimers();
    TestBed.resetTestingModule();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is read without a network, messages that only came live included', async () => {
    await visit();
    await openConversation();
    const told = model.post({ body: 'four' });
    const { conversationId: _id, rows, ...range } = told;
    const [row] = rows;
    if (row?.type === 'message') network.hub.emit('ReceiveMessage', { ...row.message, ...range });
    await leave();

    network.up = false;
    await visit();
    expect(conversations().find('c')?.name).toBe('Friday');
    await openConversation();
    expect(bodies()).toEqual(['one', 'two', 'three', 'four']);
    expect(warnings).toEqual([]);
  });

  it('includes conversations that were never opened here', async () => {
    await visit();
    await leave();
    network.up = false;
    await visit();
    await openConversation();
    expect(bodies()).toEqual(['one', 'two', 'three']);
  });

  it('is on screen before the network has answered, and brought up to date by one synchronisation', async () => {
    await visit();
    await openConversation();
    await leave();
    model.post({ body: 'four' });
    model.change(1, { body: 'one, edited' });
    await visit();
    await openConversation();
    expect(bodies()).toEqual(['one, edited', 'two', 'three', 'four']);
    expect(conversations().find('c')).toEqual(model.summary());
    expect(requests).not.toContain('messages');
    expect(requests).not.toContain('list');
  });

  it('is the newest range alone, whatever else was read', async () => {
    while (model.messages.length < 300) model.post();
    await visit();
    await openConversation(100);
    expect(ends()).toEqual([251, 300]);
    expect(earlier()).toHaveLength(1);
    const store = TestBed.inject(MessagesStore);
    await store.loadBefore('c', 251);
    expect(ends()).toEqual([201, 300]);
    await leave();
    network.up = false;
    await visit();
    await openConversation(100);
    expect(ends()).toEqual([251, 300]);
    expect(earlier()).toEqual([]);
  });

  it('ends at a gap until what is newer has come', async () => {
    while (model.messages.length < 100) model.post();
    await visit();
    await openConversation();
    await leave();
    while (model.messages.length < 110) model.post();
    network.up = false;
    await visit();
    await openConversation();
    expect(ends()).toEqual([51, 100]);
    const store = TestBed.inject(MessagesStore);
    const { position } = log() ?? {};
    // A message behind the gap joins nothing, and what stands before the gap can still be read on.
    const told = model.post();
    store.applyStep(told);
    expect(ends()).toEqual([51, 100]);
    expect(log()?.position).toBe(position);
    expect(store.positions()).toEqual([{ conversationId: 'c', rev: position }]);
    network.up = true;
    await store.loadBefore('c', 51);
    expect(ends()).toEqual([1, 100]);
    store.applyStep({
      conversationId: 'c',
      fromRev: position ?? 0,
      toRev: model.rev,
      rows: model.messages.slice(100).map((message) => ({ type: 'message', message })),
    });
    expect(ends()).toEqual([1, 111]);
    expect(log()?.position).toBe(model.rev);
  });

  it('gives way to the newest page when a message behind the gap is wanted', async () => {
    while (model.messages.length < 100) model.post();
    await visit();
    await openConversation();
    await leave();
    network.up = false;
    await visit();
    await openConversation();
    while (model.messages.length < 400) model.post();
    network.up = true;
    const store = TestBed.inject(MessagesStore);
    expect(await store.loadAround('c', 250)).toBe(true);
    expect(ends()).toEqual([351, 400]);
    expect(earlier()).toHaveLength(1);
    expect(await store.loadAround('c', 401)).toBe(false);
    expect(ends()).toEqual([351, 400]);
  });

  it('is dropped when the server has another history', async () => {
    await visit();
    await openConversation();
    await leave();
    model = new LogModel();
    model.epoch = 'second';
    model.member('ana', true);
    model.post({ body: 'restored' });
    await visit();
    await openConversation();
    await settle();
    expect(bodies()).toEqual(['restored']);
    const names = (await indexedDB.databases()).map(({ name }) => name);
    expect(names.filter((name) => name?.startsWith('hubbub.archive'))).toEqual([
      'hubbub.archive.ana.second',
    ]);
  });

  it('is nobody else’s', async () => {
    await visit();
    await leave();
    localStorage.setItem('hubbub.lastVisit', JSON.stringify({ user: user({ id: 'bea' }) }));
    network.up = false;
    await visit();
    expect(conversations().find('c')).toBeUndefined();
  });

  it('is nothing, and the page as good as ever, where the browser keeps nothing', async () => {
    emptyStorage();
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('private mode', 'SecurityError');
    });
    await visit();
    await openConversation();
    expect(bodies()).toEqual(['one', 'two', 'three']);
    // Of what was received, and of what was written.
    expect(warnings).toHaveLength(2);
  });

  it('stops growing without a word to the reader when the disk is full', async () => {
    await visit();
    await openConversation();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const { rows, ...range } = model.post({ body: 'four' });
    const [row] = rows;
    if (row?.type === 'message')
      TestBed.inject(Archive).step(messageStep({ ...row.message, ...range }));
    await settle();
    expect(warnings).toHaveLength(1);
    vi.restoreAllMocks();
    vi.spyOn(console, 'warn').mockImplementation((...words) => warnings.push(words));
    await leave();
    network.up = false;
    await visit();
    await openConversation();
    expect(bodies()).toEqual(['one', 'two', 'three']);
  });
});
