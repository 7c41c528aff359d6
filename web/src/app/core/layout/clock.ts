import { Service, signal } from '@angular/core';

const MINUTE_MS = 60_000;

/** The time, to the minute: for everything that reads "today" or shows an age. */
@Service()
export class Clock {
  private readonly nowSignal = signal(new Date());
  readonly now = this.nowSignal.asReadonly();

  constructor() {
    setInterval(() => {
      this.nowSignal.set(new Date());
    }, MINUTE_MS);
  }
}
