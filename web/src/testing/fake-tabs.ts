import { TabChannel } from '../app/core/realtime/tab-channel';

/** The channels between the tabs of one browser: what a tab posts, all others hear a moment later. */
export class FakeTabs {
  private readonly tabs = new Map<string, Set<(news: never) => void>>();

  /** What a tab opens its channels with. */
  readonly open = <T>(name: string): TabChannel<T> => {
    const own: ((news: never) => void)[] = [];
    const all = this.tabs.get(name) ?? new Set();
    this.tabs.set(name, all);
    return {
      post: (news) => {
        const copy = structuredClone(news);
        const others = [...all].filter((hear) => !own.includes(hear));
        for (const hear of others) {
          queueMicrotask(() => {
            if (all.has(hear)) hear(copy as never);
          });
        }
      },
      listen: (hear) => {
        own.push(hear);
        all.add(hear);
      },
      close: () => {
        for (const hear of own) all.delete(hear);
      },
    };
  };
}

/** The locks of one browser, as far as the leadership asks for them. */
export class FakeLocks {
  private readonly waiting: (() => void)[] = [];
  private isHeld = false;

  readonly manager = {
    request: (
      _name: string,
      optionsOrHold: { ifAvailable?: boolean } | ((lock: object | null) => Promise<void>),
      maybeHold?: (lock: object | null) => Promise<void>,
    ): Promise<void> => {
      const hold = typeof optionsOrHold === 'function' ? optionsOrHold : maybeHold;
      if (!hold) return Promise.resolve();
      if (this.isHeld && typeof optionsOrHold !== 'function') return hold(null);
      return new Promise((resolve) => {
        const take = () => {
          this.isHeld = true;
          void hold({}).finally(() => {
            this.isHeld = false;
            resolve();
            this.waiting.shift()?.();
          });
        };
        if (this.isHeld) this.waiting.push(take);
        else take();
      });
    },
  };
}
