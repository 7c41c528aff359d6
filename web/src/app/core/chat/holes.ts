import { Service } from '@angular/core';

/** Where whoever keeps a position tells that something was missed, and the synchronisation hears of it. */
@Service()
export class Holes {
  private listener: () => void = () => undefined;

  found(): void {
    this.listener();
  }

  onFound(listener: () => void): void {
    this.listener = listener;
  }
}
