import { DOCUMENT, inject, Service } from '@angular/core';

/** Waiting that ends early when there is reason to hope: the network is back, the page is looked at again. */
@Service()
export class Wake {
  private readonly waiting = new Set<() => void>();
  private readonly listeners = new Set<(hiddenMs: number) => void>();
  private hiddenSince?: number;

  constructor() {
    const document = inject(DOCUMENT);
    document.defaultView?.addEventListener('online', () => {
      this.rouse(Infinity);
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.hiddenSince = Date.now();
      else this.rouse(this.hiddenSince ? Date.now() - this.hiddenSince : 0);
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

  /** Tells how long the page was out of sight; infinity when the network went and came. */
  onWake(listener: (hiddenMs: number) => void): void {
    this.listeners.add(listener);
  }

  private rouse(hiddenMs: number): void {
    this.now();
    for (const listener of this.listeners) listener(hiddenMs);
  }
}
