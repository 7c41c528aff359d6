import { TestBed } from '@angular/core/testing';
import { receipt, user } from '../../../testing/builders';
import { AuthApi } from '../api/auth-api';
import { ConversationsApi } from '../api/conversations-api';
import { PeopleApi } from '../api/people-api';
import { Problem } from '../api/problem';
import { SendReceipt } from '../api/generated/models';
import { SessionStore } from '../auth/session-store';
import { ChatHub, OutgoingMessage } from '../realtime/chat-hub';
import { RealtimeConnection } from '../realtime/realtime-connection';
import { Outbox } from './outbox';
import { STALE_AFTER_MS } from './outbox-queue';

describe('the outbox', () => {
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
        { provide: AuthApi, useValue: {} },
        { provide: ConversationsApi, useValue: {} },
        { provide: PeopleApi, useValue: {} },
      ],
    });
    TestBed.inject(SessionStore).setUser(user());
    return TestBed.inject(Outbox);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    sessionStorage.clear();
    sent = [];
    answer = acknowledge;
    connection = { count: 1, whenConnected: () => Promise.resolve() };
    outbox = create();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('shows a message at once and sends it', async () => {
    outbox.send('c', 'hello');
    expect(states()).toEqual(['waiting']);
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
    expect(states()).toEqual(['waiting']);
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
    expect(states()).toEqual(['waiting']);
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
    TestBed.resetTestingModule();
    answer = acknowledge;
    sent = [];
    outbox = create();
    outbox.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([{ conversationId: 'c', clientId, body: 'hello' }]);
  });
});
