import { TestBed } from '@angular/core/testing';
import { session, user } from '../../../testing/builders';
import { FakeNetwork } from '../../../testing/fake-hub';
import { FakeTabs } from '../../../testing/fake-tabs';
import { dice, LogModel } from '../../../testing/log-model';
import { AuthApi } from '../api/auth-api';
import { ConversationsApi } from '../api/conversations-api';
import { ConversationStep, UserStep } from '../api/events';
import { SyncRequest } from '../api/generated/models';
import { PeopleApi } from '../api/people-api';
import { SessionStore } from '../auth/session-store';
import { HUB_FACTORY } from '../realtime/realtime-connection';
import { TAB_CHANNELS } from '../realtime/tab-channel';
import { ConversationsStore } from './conversations-store';
import { Live } from './live';
import { MessagesStore } from './messages-store';
import { TypingStore } from './typing-store';

/** A step as the hub sends it. */
function eventOf(step: ConversationStep): [string, object] {
  const [row] = step.rows;
  const { conversationId, fromRev, toRev } = step;
  const range = { conversationId, fromRev, toRev };
  if (!row) return ['Advanced', range];
  if (row.type === 'message') {
    const isNew = row.message.rev === row.message.createdRev;
    return [isNew ? 'ReceiveMessage' : 'MessageChanged', { ...row.message, ...range }];
  }
  const { type, ...rest } = row;
  return [type === 'member' ? 'MemberChanged' : 'ConversationChanged', { ...rest, ...range }];
}

describe('a client that follows the log', () => {
  let model: LogModel;
  let network: FakeNetwork;
  let requests: SyncRequest[];

  const conversations = () => TestBed.inject(ConversationsStore);
  const messages = () => TestBed.inject(MessagesStore);
  const settle = (ms = 15_000) => vi.advanceTimersByTimeAsync(ms);
  const emit = (step: ConversationStep) => {
    network.hub.emit(...eventOf(step));
  };
  const emitToUser = ({ fromRev, toRev, changes }: UserStep) => {
    network.hub.emit('UserChanged', { fromRev, toRev, change: changes[0] });
  };

  async function connect(): Promise<void> {
    await settle();
    const { hub } = network;
    hub.answer = (method, [request]) => {
      if (method !== 'Sync') return Promise.resolve(undefined);
      requests.push(request as SyncRequest);
      return Promise.resolve(model.sync(request as SyncRequest));
    };
    hub.emit('Heads', model.heads());
    await settle();
  }

  async function begin(): Promise<void> {
    TestBed.resetTestingModule();
    network = new FakeNetwork();
    requests = [];
    const api: Partial<ConversationsApi> = {
      list: () => {
        const { epoch, userRev } = model.heads();
        return Promise.resolve({ epoch, userRev, conversations: [model.summary()] });
      },
      get: () => Promise.resolve(model.summary()),
      // Small pages, which are old when they arrive.
      messages: (_id, request) => {
        const page = model.page({ ...request, limit: 4 });
        return new Promise((resolve) => setTimeout(resolve, 40, page));
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: HUB_FACTORY, useValue: network.factory },
        { provide: TAB_CHANNELS, useValue: new FakeTabs().open },
        { provide: ConversationsApi, useValue: api },
        { provide: PeopleApi, useValue: { get: (id: string) => Promise.resolve(user({ id })) } },
        {
          provide: AuthApi,
          useValue: {
            hubTicket: () => Promise.resolve({ ticket: 't', expiresIn: 60 }),
            login: () => Promise.resolve(session({ expiresIn: 1e6 })),
          },
        },
      ],
    });
    await TestBed.inject(SessionStore).signIn({ username: 'ana', password: 'x' });
    TestBed.inject(Live);
    TestBed.tick();
    await connect();
    void messages().open('c');
    await settle();
  }

  /** What is on screen is what a client would see that begins now. */
  function expectFreshState(): void {
    const { log, earlier } = messages().messagesOf('c');
    const first = log?.messages[0]?.seq ?? 1;
    expect(log?.messages).toEqual(model.messages.slice(first - 1));
    for (const { messages: island } of earlier) {
      const from = island[0]?.seq ?? 1;
      expect(island).toEqual(model.messages.slice(from - 1, from - 1 + island.length));
    }
    expect(log?.position).toBe(model.rev);
    expect(conversations().find('c')).toEqual(model.summary());
  }

  beforeEach(() => {
    vi.useFakeTimers();
    model = new LogModel();
    model.member('ana', true);
    model.member('bea', true);
    model.post({ system: { type: 'founded' }, body: '' });
    for (let count = 0; count < 5; count++) model.post();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks for nothing while nothing is missing', async () => {
    await begin();
    const before = requests.length;
    emit(model.post());
    emit(model.change(2, { body: 'edited' }));
    emit(model.member('bea', false));
    emit(model.rename('Monday'));
    emit(model.advance());
    emitToUser(model.read(7));
    await settle();
    expectFreshState();
    expect(requests).toHaveLength(before);
  });

  it('shows a renewed token to the living connection, until it is taken', async () => {
    await begin();
    const shown: unknown[] = [];
    network.hub.answer = (method, [token]) => {
      if (method !== 'Reauthenticate') return Promise.resolve(undefined);
      shown.push(token);
      return shown.length < 3
        ? Promise.reject(new Error('HubException: unavailable: busy'))
        : Promise.resolve(undefined);
    };
    const { hub } = network;
    TestBed.inject(AuthApi).refresh = () => Promise.resolve(session({ accessToken: 'second' }));
    await TestBed.inject(SessionStore).renew();
    TestBed.tick();
    await settle();
    expect(shown).toEqual(['second', 'second', 'second']);
    expect(network.hub).toBe(hub);
  });

  it('forgets who was typing with the connection, not when reminded of where it stands', async () => {
    await begin();
    const typing = TestBed.inject(TypingStore);
    network.hub.emit('UserTyping', { conversationId: 'c', userId: 'bea', isTyping: true });
    network.hub.emit('Heads', model.heads());
    expect(typing.typingIn('c')).toEqual(['bea']);
    network.hub.drop();
    await settle(1_000);
    network.hub.emit('UserTyping', { conversationId: 'c', userId: 'dan', isTyping: true });
    network.hub.emit('Heads', model.heads());
    expect(typing.typingIn('c')).toEqual([]);
  });

  it('fills a hole by one synchronisation from where it stands', async () => {
    await begin();
    const { rev } = model;
    model.post();
    model.change(3, { body: 'edited' });
    const late = [model.post(), model.post()];
    late.forEach(emit);
    await settle();
    expectFreshState();
    expect(requests.at(-1)).toMatchObject({ positions: [{ conversationId: 'c', rev }] });
    expect(requests.filter((request) => request.positions?.[0]?.rev === rev)).toHaveLength(1);
  });

  it('catches up after an absence, and begins anew after a long one', async () => {
    await begin();
    for (const absence of [4, 60]) {
      for (let count = 0; count < absence; count++) model.post();
      model.change(2, { deletedAt: '2026-11-23T12:00:00Z', body: '' });
      model.read(9);
      network.hub.drop();
      await connect();
      expectFreshState();
    }
  });

  it('forgets everything when the server has another history', async () => {
    await begin();
    model = new LogModel();
    model.epoch = 'second';
    model.member('ana', true);
    model.post({ body: 'restored' });
    network.hub.drop();
    await connect();
    expectFreshState();
    expect(messages().messagesOf('c').log?.messages[0]?.body).toBe('restored');
  });

  it('sees its own removal, wherever it was meanwhile', async () => {
    await begin();
    model.post();
    const removal = model.member('ana', false);
    network.hub.drop();
    await settle();
    network.hub.answer = (method) =>
      Promise.resolve(
        method === 'Sync'
          ? [
              { type: 'changes', ...removal, fromRev: removal.toRev - 2, asOfRev: removal.toRev },
              { type: 'done', epoch: model.epoch, userRev: 0, heads: [] },
            ]
          : undefined,
      );
    network.hub.emit('Heads', { ...model.heads(), userRev: 1, conversations: [] });
    await settle();
    expect(conversations().find('c')).toBeUndefined();
    expect(conversations().wasLost('c')).toBe(true);
    expect(messages().messagesOf('c').log).toBeUndefined();
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'ends in the state of the server, whatever is lost, doubled or re-ordered (seed %i)',
    async (seed) => {
      await begin();
      const roll = dice(seed);
      const happen = (): (() => void) => {
        const last = model.messages.length;
        const seq = 1 + roll(last);
        const step = [
          () => model.post(),
          () => model.post({ senderId: 'ana' }),
          () => model.post({ mentions: { userIds: ['ana'], all: false } }),
          () => model.post({ threadOf: 'm2' }),
          () => model.change(seq, { body: `edit ${String(model.rev)}` }),
          () => model.change(seq, { deletedAt: '2026-11-23T12:00:00Z', body: '' }),
          () => model.change(seq, { reactions: [{ emoji: '👍', userIds: ['bea'] }] }),
          () => model.member('bea', roll(2) === 0),
          () => model.rename(`name ${String(model.rev)}`),
          () => model.advance(),
        ][roll(11)]?.();
        const read = step ? undefined : model.read(seq);
        return () => {
          if (step) emit(step);
          else if (read) emitToUser(read);
        };
      };
      const late: (() => void)[] = [];
      for (let count = 0; count < 60; count++) {
        const deliver = happen();
        switch (roll(8)) {
          case 0:
            break;
          case 1:
            deliver();
            deliver();
            break;
          case 2:
            late.push(deliver);
            break;
          default:
            deliver();
        }
        if (roll(6) === 0) late.splice(roll(late.length + 1), 1).forEach((event) => event());
        if (roll(5) === 0) await settle(roll(200));
        if (roll(10) === 0) {
          const first = messages().messagesOf('c').log?.messages[0]?.seq ?? 1;
          void messages().loadBefore('c', first);
        }
        if (roll(10) === 0)
          void messages()
            .loadAround('c', 1 + roll(model.messages.length))
            .catch(() => undefined);
        if (roll(25) === 0) {
          network.hub.drop();
          await connect();
        }
      }
      late.forEach((event) => event());
      // Own messages move the marker only as far as the client can tell; the next word of the server on that holds.
      emitToUser(model.read(1 + roll(model.messages.length)));
      // Whatever is still missing shows by the next event of each log, or by where the server says that they stand.
      if (seed % 2 === 0) emit(model.post());
      else network.hub.emit('Heads', model.heads());
      await settle();
      expectFreshState();
    },
  );
});
