import { DestroyRef, DOCUMENT, inject, Service } from '@angular/core';

/** How often the clock is looked at, */
const TICK_MS = 10_000;
/** and by how much a look may be late before the machine must have slept. Throttled tabs are looked in on each minute. */
const SLEPT_MS = 75_000;

/**
 * Waiting that ends early when there is reason to hope: the network is back, the page is looked at again, the machine
 * has woken.
 */
@Service()
export class Wake {
  private readonly document = inject(DOCUMENT);
  private readonly waiting = new Set<() => void>();
  private readonly listeners = new Set<(hiddenMs: number) => void>();
  private hiddenSince?: number;

  constructor() {
    const window = this.document.defaultView;
    const gone = new AbortController();
    const { signal } = gone;
    window?.addEventListener('online', () => void this.rouse(Infinity), { signal });
    // Out of the back-forward cache, and out of a freeze: connections are dead by then, or look alive and are not.
    window?.addEventListener('pageshow', (event) => event.persisted && this.rouse(Infinity), {
      signal,
    });
    this.document.addEventListener('resume', () => void this.rouse(Infinity), { signal });
    this.document.addEventListener('visibilitychange', () => void this.look(), { signal });

    let lastTick = Date.now();
    const ticking = setInterval(() => {
      const elapsedMs = Date.now() - lastTick;
      lastTick = Date.now();
      if (elapsedMs > SLEPT_MS) this.rouse(elapsedMs);
    }, TICK_MS);
    inject(DestroyRef).onDestroy(() => {
      gone.abort();
      clearInterval(ticking);
    });
  }

  /** Resolves after the delay, or when the page wakes up, or at `now()`. */
  within(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      this.waiting.add(done);
    });
  }

  /** Ends all waiting. */
  now(): void {
    for (const done of [...this.waiting]) done();
  }

  /** Tells how long the page was out of sight or the machine asleep; infinity when the network went and came. */
  onWake(listener: (hiddenMs: number) => void): void {
    this.listeners.add(listener);
  }

  private look(): void {
    if (this.document.visibilityState === 'hidden') this.hiddenSince = Date.now();
    else this.rouse(this.hiddenSince ? Date.now() - this.hiddenSince : 0);
  }

  private rouse(hiddenMs: number): void {
    this.now();
    for (const listener of this.listeners) listener(hiddenMs);
  }
}
