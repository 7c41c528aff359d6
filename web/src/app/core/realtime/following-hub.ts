import { Heads } from '../api/events';
import { Hub, HubStream } from './hub';
import { TabChannel } from './tab-channel';
import { TabWord } from './tab-words';

interface Call {
  item: (item: unknown) => void;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/**
 * The leading tab's connection, used from another tab. It is as good as a connection of its own: it begins with
 * `Heads`, it can be lost, and what is called while it is lost is refused as unanswered.
 */
export class FollowingHub implements Hub {
  private readonly handlers = new Map<string, (...args: never[]) => void>();
  private readonly calls = new Map<number, Call>();
  private readonly end: Promise<void>;
  private lastCall = 0;
  private welcome: (heads: Heads | undefined) => void = () => undefined;
  private ended: () => void = () => undefined;
  private closed: () => void = () => undefined;
  private current: 'Disconnected' | 'Connecting' | 'Connected' = 'Disconnected';

  constructor(
    private readonly tab: string,
    private readonly channel: TabChannel<TabWord>,
  ) {
    this.end = new Promise((resolve) => (this.ended = resolve));
  }

  get state(): string {
    return this.current;
  }

  /** Resolves when there is a connection to use, which may be when the leader has one. */
  async start(): Promise<void> {
    this.current = 'Connecting';
    const welcomed = new Promise<Heads | undefined>((resolve) => (this.welcome = resolve));
    this.channel.post({ type: 'join', tab: this.tab });
    const heads = await Promise.race([
      welcomed,
      this.end.then(() => {
        throw new Error('the leading tab has no connection');
      }),
    ]);
    this.current = 'Connected';
    // After whoever started this has seen that it is started.
    if (heads) setTimeout(() => void this.emit('Heads', heads));
  }

  stop(): Promise<void> {
    if (this.current === 'Connected') this.channel.post({ type: 'leave', tab: this.tab });
    this.drop();
    return Promise.resolve();
  }

  on(event: string, handler: (...args: never[]) => void): void {
    this.handlers.set(event, handler);
  }

  onclose(handler: () => void): void {
    this.closed = handler;
  }

  invoke(method: string, ...args: unknown[]): Promise<unknown> {
    return this.call(method, args, () => undefined, false);
  }

  stream(method: string, ...args: unknown[]): HubStream {
    return {
      subscribe: ({ next, error, complete }) => {
        this.call(method, args, next, true).then(complete, error);
      },
    };
  }

  /** What another tab says. */
  hear(word: TabWord): void {
    switch (word.type) {
      case 'up':
        if (this.current === 'Connecting') this.channel.post({ type: 'join', tab: this.tab });
        break;
      case 'welcome':
        if (word.tab === this.tab) this.welcome(word.heads);
        break;
      case 'leading':
      case 'down':
        if (this.current === 'Connected') this.drop();
        break;
      case 'event':
        if (this.current === 'Connected') this.emit(word.name, word.payload);
        break;
      case 'item':
        this.callOf(word)?.item(word.item);
        break;
      case 'answer':
        this.callOf(word)?.resolve(word.result);
        break;
      case 'refusal':
        this.callOf(word)?.reject(new Error(word.message));
        break;
    }
  }

  private call(
    method: string,
    args: unknown[],
    item: (item: unknown) => void,
    streams: boolean,
  ): Promise<unknown> {
    const { tab } = this;
    const id = ++this.lastCall;
    return new Promise<unknown>((resolve, reject) => {
      this.calls.set(id, { item, resolve, reject });
      this.channel.post({ type: 'call', tab, id, method, args, streams });
    }).finally(() => this.calls.delete(id));
  }

  private callOf({ tab, id }: { tab: string; id: number }): Call | undefined {
    return tab === this.tab ? this.calls.get(id) : undefined;
  }

  private emit(event: string, payload: unknown): void {
    (this.handlers.get(event) as ((payload: unknown) => void) | undefined)?.(payload);
  }

  private drop(): void {
    const wasConnected = this.current === 'Connected';
    this.current = 'Disconnected';
    for (const { reject } of this.calls.values()) reject(new Error('the leading tab is gone'));
    this.ended();
    if (wasConnected) this.closed();
  }
}
