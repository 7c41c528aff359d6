import { FakeHub, FakeNetwork } from '../../../testing/fake-hub';
import { FakeLocks, FakeTabs } from '../../../testing/fake-tabs';
import { FollowingHub } from './following-hub';
import { LeadingHub } from './leading-hub';
import { Leadership } from './leadership';
import { TabWord } from './tab-words';

describe('tabs that share a connection', () => {
  let tabs: FakeTabs;
  let network: FakeNetwork;
  let heard: unknown[];

  const moment = () => new Promise((resolve) => setTimeout(resolve, 5));
  const heads = (rev: number, userRev = 1) => ({
    epoch: 'e',
    userRev,
    conversations: [{ conversationId: 'c', rev }],
  });

  function leader(): { hub: LeadingHub; real: FakeHub } {
    const channel = tabs.open<TabWord>('hub');
    const real = network.factory(() => Promise.resolve('ticket')) as FakeHub;
    const hub = new LeadingHub(real, channel);
    channel.listen((word) => {
      hub.hear(word);
    });
    for (const event of ['Heads', 'Advanced', 'UserChanged']) hub.on(event, () => undefined);
    return { hub, real };
  }

  function follower(name: string): FollowingHub {
    const channel = tabs.open<TabWord>('hub');
    const hub = new FollowingHub(name, channel);
    channel.listen((word) => {
      hub.hear(word);
    });
    for (const event of ['Heads', 'Advanced']) {
      hub.on(event, (payload: unknown) => heard.push({ [event]: payload }));
    }
    return hub;
  }

  beforeEach(() => {
    tabs = new FakeTabs();
    network = new FakeNetwork();
    heard = [];
  });

  it('begin with where everything stands by now, and hear every event', async () => {
    const { hub, real } = leader();
    await hub.start();
    real.emit('Heads', heads(3));
    real.emit('Advanced', { conversationId: 'c', fromRev: 3, toRev: 4 });
    real.emit('UserChanged', { fromRev: 1, toRev: 2, change: { type: 'receiptsChanged' } });
    await follower('second').start();
    await moment();
    real.emit('Advanced', { conversationId: 'c', fromRev: 4, toRev: 5 });
    await moment();
    expect(heard).toEqual([
      { Heads: heads(4, 2) },
      { Advanced: { conversationId: 'c', fromRev: 4, toRev: 5 } },
    ]);
  });

  it('wait for the connection of the leader', async () => {
    const second = follower('second');
    const started = second.start();
    await moment();
    expect(second.state).toBe('Connecting');
    await leader().hub.start();
    await started;
    expect(second.state).toBe('Connected');
  });

  it('call through the leader, and are refused in the server’s own words', async () => {
    const { hub, real } = leader();
    await hub.start();
    real.answer = (method) => {
      if (method === 'Sync') return Promise.resolve(['one page', 'another']);
      if (method === 'Typing') return Promise.reject(new Error('HubException: not_found: gone'));
      return Promise.resolve(7);
    };
    const second = follower('second');
    await second.start();
    expect(await second.invoke('AddReaction', 'c', 'm', '👍')).toBe(7);
    await expect(second.invoke('Typing', 'c', true)).rejects.toThrow('not_found: gone');
    const pages: unknown[] = [];
    await new Promise<void>((complete, error) => {
      second.stream('Sync', {}).subscribe({ next: (page) => pages.push(page), error, complete });
    });
    expect(pages).toEqual(['one page', 'another']);
  });

  it('lose the connection with the leader, and are told that nothing was answered', async () => {
    const { hub, real } = leader();
    await hub.start();
    real.answer = () => new Promise(() => undefined);
    const second = follower('second');
    let losses = 0;
    second.onclose(() => (losses += 1));
    await second.start();
    const unanswered = second.invoke('SendMessage', {});
    await moment();
    real.drop();
    await expect(unanswered).rejects.toThrow();
    expect(losses).toBe(1);
    expect(second.state).toBe('Disconnected');
  });

  it('do not end what another tab watches', async () => {
    const { hub, real } = leader();
    await hub.start();
    const second = follower('second');
    await second.start();
    await hub.invoke('WatchPresence', ['ana', 'bea']);
    await second.invoke('WatchPresence', ['bea', 'cleo']);
    await hub.invoke('UnwatchPresence', ['ana', 'bea']);
    await second.stop();
    await moment();
    const unwatched = real.invocations
      .filter(({ method }) => method === 'UnwatchPresence')
      .map(({ args }) => args[0]);
    expect(unwatched).toEqual([['ana'], ['bea', 'cleo']]);
  });
});

describe('the leadership', () => {
  it('goes to one tab, and to the next when that is gone', async () => {
    const locks = new FakeLocks();
    vi.stubGlobal('navigator', { locks: locks.manager });
    const gained: string[] = [];
    const [first, second, third] = ['first', 'second', 'third'].map((name) => {
      const leadership = new Leadership();
      leadership.onGained(() => gained.push(name));
      return leadership;
    });
    await first?.seek();
    await second?.seek();
    await third?.seek();
    expect([first?.leads(), second?.leads(), third?.leads()]).toEqual([true, false, false]);
    second?.resign();
    first?.resign();
    await vi.waitFor(() => {
      expect(third?.leads()).toBe(true);
    });
    expect(gained).toEqual(['first', 'third']);
    vi.unstubAllGlobals();
  });

  it('is everybody’s where there are no locks', async () => {
    vi.stubGlobal('navigator', {});
    const leadership = new Leadership();
    await leadership.seek();
    expect(leadership.leads()).toBe(true);
    vi.unstubAllGlobals();
  });
});
