import { TestBed } from '@angular/core/testing';
import * as fc from 'fast-check';
import { receipt, user } from '../../../testing/builders';
import { disk, emptyStorage, useFakeStorage } from '../../../testing/fake-storage';
import { FakeTabs } from '../../../testing/fake-tabs';
import { AuthApi } from '../api/auth-api';
import { ConversationsApi } from '../api/conversations-api';
import { PeopleApi } from '../api/people-api';
import { Problem } from '../api/problem';
import { SendReceipt } from '../api/generated/models';
import { SessionStore } from '../auth/session-store';
import { ChatHub, OutgoingMessage } from '../realtime/chat-hub';
import { Leadership } from '../realtime/leadership';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { TAB_CHANNELS, TabChannel } from '../realtime/tab-channel';
import { Outbox } from './outbox';
import { STALE_AFTER_MS } from './outbox-queue';

describe('the outbox', () => {
  useFakeStorage();
  let tabs: FakeTabs;
  /** What another tab of the same browser says and hears. */
  let otherTab: TabChannel<object>;
  let sent: OutgoingMessage[];
  let answer: (message: OutgoingMessage) => Promise<SendReceipt>;
  let outbox: Outbox;
  let connection: { count: number; whenConnected: () => Promise<void> };

  const acknowledge = (message: OutgoingMessage) =>
    Promise.resolve(receipt(sent.length, message.clientId));
  const refuse = (code: string) => () => Promise.reject(new Problem(code));
  const states = () => outbox.entriesOf('c').map(({ state }) => state);
  const bodies = () => sent.map(({ body }) => body);

  function create(): Outbox {
    const hub: Partial<ChatHub> = {
      sendMessage: (message) => {
        sent.push(message);
        return answer(message);
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: ChatHub, useValue: hub },
        { provide: RealtimeConnection, useValue: connection },
        { provide: TAB_CHANNELS, useValue: tabs.open },
        { provide: AuthApi, useValue: {} },
        { provide: ConversationsApi, useValue: {} },
        { provide: PeopleApi, useValue: {} },
      ],
    });
    TestBed.inject(SessionStore).setUser(user());
    void TestBed.inject(Leadership).seek();
    const created = TestBed.inject(Outbox);
    void created.resume();
    return created;
  }

  beforeEach(async () => {
    // The disk works on, however the clock is moved.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    sent = [];
    answer = acknowledge;
    connection = { count: 1, whenConnected: () => Promise.resolve() };
    tabs = new FakeTabs();
    otherTab = tabs.open('hubbub.outbox');
    outbox = create();
    await disk();
  });

  afterEach(async () => {
    await disk();
    vi.clearAllTimers();
    TestBed.resetTestingModule();
    vi.useRealTimers();
  });

  it('shows a message at once and sends it', async () => {
    outbox.send('c', 'hello');
    expect(states()).toEqual(['queued']);
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual(['sent']);
    outbox.arrived(sent[0]?.clientId ?? '');
    expect(states()).toEqual([]);
  });

  it('repeats a message under its client id until it is acknowledged', async () => {
    answer = refuse('unreachable');
    outbox.send('c', 'hello');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(sent.map(({ clientId }) => clientId)).size).toBe(1);
    expect(states()).toEqual(['queued']);
    answer = acknowledge;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(states()).toEqual(['sent']);
  });

  it('tries nothing without a connection, and at once when there is one', async () => {
    let connected: () => void = () => undefined;
    connection.whenConnected = () => new Promise((resolve) => (connected = resolve));
    outbox.send('c', 'hello');
    await vi.advanceTimersByTimeAsync(300_000);
    expect(sent).toEqual([]);
    connected();
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual(['sent']);
  });

  it('does not wait when a connection came in the moment in which a send failed', async () => {
    answer = refuse('unreachable');
    outbox.send('c', 'hello');
    // The wait between attempts has grown to half a minute by now.
    await vi.advanceTimersByTimeAsync(120_000);
    const times: number[] = [];
    answer = () => {
      times.push(Date.now());
      connection.count += 1;
      answer = (message) => {
        times.push(Date.now());
        return acknowledge(message);
      };
      return refuse('unreachable')();
    };
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states()).toEqual(['sent']);
    expect(times[1]).toBe(times[0]);
  });

  it.each(['unavailable', 'rate_limited', 'token_expired'])('repeats after %s', async (code) => {
    answer = refuse(code);
    outbox.send('c', 'hello');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(states()).toEqual(['queued']);
  });

  it('keeps the order, one message at a time', async () => {
    answer = refuse('unreachable');
    outbox.send('c', 'one');
    outbox.send('c', 'two');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(new Set(bodies())).toEqual(new Set(['one']));
    answer = acknowledge;
    sent = [];
    await vi.advanceTimersByTimeAsync(30_000);
    expect(bodies()).toEqual(['one', 'two']);
  });

  it('keeps a refused message and goes on with the next', async () => {
    answer = (message) =>
      message.body === 'bad' ? refuse('message_too_long')() : acknowledge(message);
    outbox.send('c', 'bad');
    outbox.send('c', 'good');
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual(['failed', 'sent']);
    expect(bodies()).toEqual(['bad', 'good']);
    const [bad] = outbox.entriesOf('c');
    answer = acknowledge;
    if (bad) outbox.retry(bad);
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual(['sent', 'sent']);
    expect(sent[2]?.clientId).toBe(sent[0]?.clientId);
  });

  it('asks before it sends what is no longer fresh', async () => {
    answer = refuse('unreachable');
    outbox.send('c', 'old');
    await vi.advanceTimersByTimeAsync(STALE_AFTER_MS + 60_000);
    expect(outbox.entriesOf('c')[0]).toMatchObject({ state: 'failed', problem: 'stale' });
  });

  it('goes on after a reload of the page', async () => {
    answer = refuse('unreachable');
    outbox.send('c', 'hello');
    await vi.advanceTimersByTimeAsync(0);
    const clientId = sent[0]?.clientId;
    answer = acknowledge;
    sent = [];
    await reload();
    await disk();
    expect(sent).toEqual([{ conversationId: 'c', clientId, body: 'hello' }]);
    await reload();
    await disk();
    expect(outbox.entriesOf('c')).toEqual([]);
  });

  it('sends what another tab was given, and tells it what becomes of it', async () => {
    const heard: object[] = [];
    otherTab.listen((news) => heard.push(news));
    const put = {
      clientId: 'theirs',
      conversationId: 'c',
      body: 'from afar',
      queuedAt: Date.now(),
      state: 'queued',
    };
    otherTab.post({ userId: 'ana', put });
    await vi.advanceTimersByTimeAsync(0);
    expect(bodies()).toEqual(['from afar']);
    expect(heard).toMatchObject([{ put: { state: 'sending' } }, { put: { state: 'sent' } }]);
    otherTab.post({ userId: 'bea', put: { ...put, clientId: 'not mine' } });
    otherTab.post({ userId: 'ana', removed: 'theirs' });
    await vi.advanceTimersByTimeAsync(0);
    expect(outbox.entriesOf('c')).toEqual([]);
  });

  it('leaves the sending to the leading tab, and takes it over when that is gone', async () => {
    TestBed.inject(Leadership).resign();
    outbox.send('c', 'hello');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual([]);
    await TestBed.inject(Leadership).seek();
    await vi.advanceTimersByTimeAsync(100);
    expect(bodies()).toEqual(['hello']);
  });

  it('sends everything once and in the order of writing, whatever is lost on the way', async () => {
    const happening = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('write to c', 'write to d') },
      { weight: 2, arbitrary: fc.constant('wait') },
      { weight: 1, arbitrary: fc.constantFrom('reload', 'reconnect') },
    );
    const fate = fc.constantFrom('answered', 'answer lost', 'request lost', 'refused for now');
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { maxLength: 25 }),
        fc.array(fate, { maxLength: 12 }),
        async (happenings, fates) => {
          emptyStorage();
          await reload();
          const stored = new Map<string, OutgoingMessage>();
          const underWay = new Map<string, number>();
          answer = async (message) => {
            const { clientId, conversationId } = message;
            const fate = fates.shift() ?? 'answered';
            const others = underWay.get(conversationId) ?? 0;
            expect(others).toBe(0);
            underWay.set(conversationId, others + 1);
            if (fate === 'answered' || fate === 'answer lost') {
              expect(stored.get(clientId)?.body ?? message.body).toBe(message.body);
              if (!stored.has(clientId)) stored.set(clientId, message);
            }
            await new Promise((resolve) => setTimeout(resolve, 20));
            underWay.set(conversationId, others);
            if (fate === 'answered') return receipt(stored.size, clientId);
            throw new Problem(fate === 'refused for now' ? 'unavailable' : 'unreachable');
          };
          const written: { conversationId: string; body: string }[] = [];
          for (const what of happenings) {
            const conversationId = what.at(-1) ?? '';
            if (what === 'wait') await vi.advanceTimersByTimeAsync(700);
            else if (what === 'reconnect') connection.count += 1;
            else if (what === 'reload') {
              await reload();
              underWay.clear();
            } else {
              const body = `message ${String(written.length)}`;
              written.push({ conversationId, body });
              outbox.send(conversationId, body);
              // Long enough to reach the disk, from where it survives.
              await disk();
            }
          }
          await vi.advanceTimersByTimeAsync(300_000);
          for (const id of ['c', 'd']) {
            const bodiesOf = (messages: readonly { conversationId: string; body: string }[]) =>
              messages.filter((m) => m.conversationId === id).map(({ body }) => body);
            expect(bodiesOf([...stored.values()])).toEqual(bodiesOf(written));
          }
          expect(outbox.unsentCount()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  }, 30_000);

  /** The page ends in the middle of whatever it was doing, and begins anew. */
  async function reload(): Promise<void> {
    await disk();
    vi.clearAllTimers();
    TestBed.resetTestingModule();
    outbox = create();
  }
});
