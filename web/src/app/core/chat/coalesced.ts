/** After a failure the action is tried again so much later. */
const RETRY_MS = 5_000;

/**
 * An action that many events ask for, by key: it runs soon after the first of them, once for all that came meanwhile,
 * and never twice at a time for the same key. What was asked for while it ran makes it run again.
 */
export class Coalesced {
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly running = new Set<string>();
  private readonly again = new Map<string, number>();

  /** An action that rejects is repeated. */
  constructor(private readonly action: (key: string) => Promise<void>) {}

  ask(key: string, delayMs: number): void {
    if (this.running.has(key)) this.again.set(key, delayMs);
    else if (!this.waiting.has(key)) {
      this.waiting.set(
        key,
        setTimeout(() => void this.run(key), delayMs),
      );
    }
  }

  /** Nobody wants it any more. */
  drop(key: string): void {
    clearTimeout(this.waiting.get(key));
    this.waiting.delete(key);
    this.again.delete(key);
  }

  private async run(key: string): Promise<void> {
    this.waiting.delete(key);
    this.running.add(key);
    try {
      await this.action(key);
    } catch {
      this.again.set(key, RETRY_MS);
    } finally {
      this.running.delete(key);
    }
    const delay = this.again.get(key);
    if (delay === undefined) return;
    this.again.delete(key);
    this.ask(key, delay);
  }
}
