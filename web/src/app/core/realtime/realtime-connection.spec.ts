import { TestBed } from '@angular/core/testing';
import { FakeNetwork } from '../../../testing/fake-hub';
import { Leadership } from './leadership';
import { HUB_FACTORY, RealtimeConnection } from './realtime-connection';

describe('the realtime connection', () => {
  let network: FakeNetwork;
  let connection: RealtimeConnection;
  const ticket = () => Promise.resolve('ticket');
  const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);
  const moment = () => vi.advanceTimersByTimeAsync(0);

  beforeEach(() => {
    vi.useFakeTimers();
    network = new FakeNetwork();
    TestBed.configureTestingModule({
      providers: [{ provide: HUB_FACTORY, useValue: network.factory }],
    });
    void TestBed.inject(Leadership).seek();
    connection = TestBed.inject(RealtimeConnection);
  });

  afterEach(() => {
    connection.stop();
    vi.useRealTimers();
  });

  it('connects', async () => {
    connection.start(ticket);
    await moment();
    expect(connection.status()).toBe('connected');
  });

  it('never gives up on the first start', async () => {
    network.up = false;
    connection.start(ticket);
    await minutes(60);
    expect(network.hubs.length).toBeGreaterThan(100);
    network.up = true;
    await minutes(1);
    expect(connection.status()).toBe('connected');
  });

  it('comes back after every loss, with the same handlers', async () => {
    const heard: unknown[] = [];
    connection.on('Advanced', (payload) => heard.push(payload));
    connection.start(ticket);
    await moment();
    network.hub.drop();
    await moment();
    expect(connection.status()).toBe('waiting');
    await minutes(1);
    expect(connection.status()).toBe('connected');
    network.hub.emit('Advanced', 'after the loss');
    expect(heard).toEqual(['after the loss']);
  });

  it('does not hammer a server that accepts and drops at once', async () => {
    connection.start(ticket);
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      network.hub.drop();
    }
    expect(network.hubs.length).toBeLessThan(30);
  });

  it('tries at once when it is asked to', async () => {
    network.up = false;
    connection.start(ticket);
    await minutes(10);
    network.up = true;
    const before = network.hubs.length;
    connection.tryNow();
    await moment();
    expect(network.hubs.length).toBe(before + 1);
    expect(connection.status()).toBe('connected');
  });

  it('tries at once when the network is back', async () => {
    network.up = false;
    connection.start(ticket);
    await minutes(10);
    network.up = true;
    window.dispatchEvent(new Event('online'));
    await moment();
    expect(connection.status()).toBe('connected');
  });

  it('gives up a connection that no longer answers after a sleep', async () => {
    connection.start(ticket);
    await moment();
    const dead = network.hub;
    dead.answer = () => new Promise(() => undefined);
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(dead.state).toBe('Disconnected');
    expect(network.hub).not.toBe(dead);
    expect(connection.status()).toBe('connected');
  });

  it('tries at once when the machine has woken, and asks whether the connection lives', async () => {
    network.up = false;
    connection.start(ticket);
    await minutes(10);
    network.up = true;
    // The clock goes on while nothing else does.
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(connection.status()).toBe('connected');
    const dead = network.hub;
    dead.answer = () => new Promise(() => undefined);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(dead.state).toBe('Disconnected');
    expect(connection.status()).toBe('connected');
  });

  it('ends, and stays ended', async () => {
    connection.start(ticket);
    await moment();
    connection.stop();
    const count = network.hubs.length;
    await minutes(10);
    expect(connection.status()).toBe('stopped');
    expect(network.hubs.length).toBe(count);
    await expect(connection.invoke('Typing')).rejects.toMatchObject({ code: 'unreachable' });
  });
});
