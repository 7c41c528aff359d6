import { inject, InjectionToken, Service, signal } from '@angular/core';
import {
  HttpTransportType,
  HubConnectionBuilder,
  HubConnectionState,
  LogLevel,
} from '@microsoft/signalr';
import { hubProblem, Problem } from '../api/problem';
import { backoffMs } from './backoff';
import { Hub, HubFactory } from './hub';
import { TabHubs } from './tab-hubs';
import { Wake } from './wake';

export const HUB_FACTORY = new InjectionToken<HubFactory>('HUB_FACTORY', {
  // A ticket is for the WebSocket's own request alone, so there is nothing that could be negotiated with it.
  factory: () => (ticket) =>
    new HubConnectionBuilder()
      .withUrl('/hubs/chat', {
        accessTokenFactory: ticket,
        skipNegotiation: true,
        transport: HttpTransportType.WebSockets,
      })
      .withServerTimeout(SILENCE_MS)
      .configureLogging(LogLevel.None)
      .build(),
});

export type ConnectionStatus = 'stopped' | 'connecting' | 'connected' | 'waiting';

/** The server says something every 15 s; a connection on which it does not for so long is dead. */
const SILENCE_MS = 30_000;
const START_TIMEOUT_MS = 15_000;
/** A connection that held this long was a good one: the next loss starts with a short wait again. */
const STEADY_MS = 10_000;
/** After this long out of sight a connection may be dead without knowing. */
const PROBE_AFTER_MS = 30_000;
const PROBE_TIMEOUT_MS = 5_000;

/**
 * One living hub connection for as long as somebody is signed in, which the tabs of a browser share. It never gives up: every loss, the first
 * start included, is followed by another attempt after a jittered wait, which ends early when the page wakes up.
 */
@Service()
export class RealtimeConnection {
  private readonly createHub = inject(HUB_FACTORY);
  private readonly tabHubs = inject(TabHubs);
  private readonly wake = inject(Wake);
  private readonly handlers = new Map<string, (...args: never[]) => void>();
  private readonly statusSignal = signal<ConnectionStatus>('stopped');
  private readonly awaiting = new Set<() => void>();
  private established = 0;
  private attempted = 0;
  private hub?: Hub;
  private run?: AbortController;

  readonly status = this.statusSignal.asReadonly();

  /** How many connections there have been: another number means that what one failed at may succeed by now. */
  get count(): number {
    return this.established;
  }

  /** Which attempt to connect this is: what arrives under one number came over one connection. */
  get attempt(): number {
    return this.attempted;
  }

  constructor() {
    this.wake.onWake((hiddenMs) => {
      if (hiddenMs >= PROBE_AFTER_MS) void this.probe();
    });
  }

  /** Names the one handler of an event. Before `start`. */
  on<T>(event: string, handler: (payload: T) => void): void {
    this.handlers.set(event, handler as (...args: never[]) => void);
  }

  /** Connects, and stays so until `stop`. Each attempt asks for a ticket of its own. */
  start(ticket: () => Promise<string>): void {
    if (this.run) return;
    this.run = new AbortController();
    void this.keepConnected(ticket, this.run.signal);
  }

  stop(): void {
    this.run?.abort();
    this.run = undefined;
    this.statusSignal.set('stopped');
    void this.hub?.stop();
    this.wake.now();
  }

  /** Resolves as soon as there is a connection; at once if there is one. */
  whenConnected(): Promise<void> {
    if (this.statusSignal() === 'connected') return Promise.resolve();
    return new Promise((resolve) => this.awaiting.add(resolve));
  }

  /** Ends the wait before the next attempt. */
  tryNow(): void {
    this.tabHubs.tryNow();
  }

  async invoke<T>(method: string, ...args: unknown[]): Promise<T> {
    try {
      return (await this.connected().invoke(method, ...args)) as T;
    } catch (error) {
      throw hubProblem(error);
    }
  }

  /** Hands over each item of a server stream; resolves after the last. */
  async stream<T>(method: string, take: (item: T) => void, ...args: unknown[]): Promise<void> {
    try {
      const items = this.connected().stream(method, ...args);
      await new Promise<void>((resolve, reject) => {
        items.subscribe({
          next: (item) => {
            take(item as T);
          },
          error: reject,
          complete: resolve,
        });
      });
    } catch (error) {
      throw hubProblem(error);
    }
  }

  private connected(): Hub {
    if (!this.hub || this.statusSignal() !== 'connected') throw new Problem('unreachable');
    return this.hub;
  }

  private async keepConnected(ticket: () => Promise<string>, stopped: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!stopped.aborted) {
      this.statusSignal.set('connecting');
      const heldMs = await this.connectOnce(ticket, stopped);
      if (stopped.aborted) return;
      // The tab that had the connection is gone, and it is this one's turn.
      if (this.hub && this.tabHubs.isOutdated(this.hub)) continue;
      attempt = heldMs >= STEADY_MS ? 0 : attempt + 1;
      this.statusSignal.set('waiting');
      await this.wake.within(backoffMs(Math.max(0, attempt - 1)));
    }
  }

  /** One connection from start to end; how long it was up. */
  private async connectOnce(ticket: () => Promise<string>, stopped: AbortSignal): Promise<number> {
    this.attempted += 1;
    const hub = this.tabHubs.create(this.createHub, ticket);
    for (const [event, handler] of this.handlers) hub.on(event, handler);
    const closed = new Promise<void>((resolve) => {
      hub.onclose(resolve);
    });
    this.hub = hub;
    const timer = setTimeout(() => void hub.stop(), START_TIMEOUT_MS);
    try {
      await hub.start();
    } catch {
      return 0;
    } finally {
      clearTimeout(timer);
    }
    if (stopped.aborted) {
      await hub.stop();
      return 0;
    }
    const since = Date.now();
    this.established += 1;
    this.statusSignal.set('connected');
    // Whoever waits to repeat a failed request has reason to try now.
    this.wake.now();
    for (const resolve of this.awaiting) resolve();
    this.awaiting.clear();
    await closed;
    return Date.now() - since;
  }

  /** A question whose answer, even an error, shows that the connection lives. */
  private async probe(): Promise<void> {
    const hub = this.hub;
    if (hub?.state !== HubConnectionState.Connected) return;
    const timer = setTimeout(() => void hub.stop(), PROBE_TIMEOUT_MS);
    await hub.invoke('WatchPresence', []).catch(() => undefined);
    clearTimeout(timer);
  }
}
