import { Hub, HubStream } from './hub';
import { PresenceInterests } from './presence-interests';
import { SharedHeads } from './shared-heads';
import { TabChannel } from './tab-channel';
import { TabWord } from './tab-words';

/** How this tab is called among those that watch. */
const SELF = '';

/**
 * A connection that the other tabs use as well: they hear its events, and what they call is called for them. For as
 * long as one such object lives it is the only one that answers them.
 */
export class LeadingHub implements Hub {
  private readonly heads = new SharedHeads();
  private readonly interests = new PresenceInterests();
  private readonly followers = new Set<string>();
  private isUp = false;
  private closed: () => void = () => undefined;

  constructor(
    private readonly hub: Hub,
    private readonly channel: TabChannel<TabWord>,
  ) {
    hub.onclose(() => {
      if (this.isUp) channel.post({ type: 'down' });
      this.isUp = false;
      this.closed();
    });
  }

  get state(): string {
    return this.hub.state;
  }

  async start(): Promise<void> {
    await this.hub.start();
    this.isUp = true;
    this.channel.post({ type: 'up' });
  }

  stop(): Promise<void> {
    return this.hub.stop();
  }

  on(event: string, handler: (...args: never[]) => void): void {
    this.hub.on(event, (...args: never[]) => {
      const [payload] = args;
      this.heads.take(event, payload);
      if (this.followers.size > 0) this.channel.post({ type: 'event', name: event, payload });
      handler(...args);
    });
  }

  onclose(handler: () => void): void {
    this.closed = handler;
  }

  invoke(method: string, ...args: unknown[]): Promise<unknown> {
    return this.invokeFor(SELF, method, args);
  }

  stream(method: string, ...args: unknown[]): HubStream {
    return this.hub.stream(method, ...args);
  }

  /** What another tab says. */
  hear(word: TabWord): void {
    if (!this.isUp) return;
    if (word.type === 'join') {
      this.followers.add(word.tab);
      this.channel.post({ type: 'welcome', tab: word.tab, heads: this.heads.current() });
    } else if (word.type === 'leave') this.lose(word.tab);
    else if (word.type === 'call') void this.answer(word);
  }

  private async answer(call: TabWord & { type: 'call' }): Promise<void> {
    const { tab, id } = call;
    try {
      const result = call.streams
        ? await this.pass(call)
        : await this.invokeFor(tab, call.method, call.args);
      this.channel.post({ type: 'answer', tab, id, result });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.channel.post({ type: 'refusal', tab, id, message });
    }
  }

  private pass({ tab, id, method, args }: TabWord & { type: 'call' }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.hub.stream(method, ...args).subscribe({
        next: (item) => {
          this.channel.post({ type: 'item', tab, id, item });
        },
        error: reject,
        complete: resolve,
      });
    });
  }

  private async invokeFor(tab: string, method: string, args: unknown[]): Promise<unknown> {
    const [ids] = args as [string[]];
    if (method === 'WatchPresence') this.interests.watch(tab, ids);
    if (method !== 'UnwatchPresence') return this.hub.invoke(method, ...args);
    const unwatched = this.interests.unwatch(tab, ids);
    return unwatched.length > 0 ? this.hub.invoke(method, unwatched) : undefined;
  }

  private lose(tab: string): void {
    this.followers.delete(tab);
    const unwatched = this.interests.leave(tab);
    if (unwatched.length > 0) {
      this.hub.invoke('UnwatchPresence', unwatched).catch(() => undefined);
    }
  }
}
