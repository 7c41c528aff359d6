import { Service, signal } from '@angular/core';

const LOCK = 'hubbub.leader';

/**
 * Which of a browser's tabs holds the connection, sends and keeps what was received. It is decided by a lock, which
 * goes to another tab the moment its holder is closed or crashes. Locks exist on secure pages alone; elsewhere every
 * tab leads, which costs connections but does no harm: sends are recognised by their client ids, and what is written
 * follows the log rule.
 */
@Service()
export class Leadership {
  private readonly leadsSignal = signal(false);
  private readonly listeners = new Set<() => void>();
  private sought?: Promise<void>;
  private release: () => void = () => undefined;

  readonly leads = this.leadsSignal.asReadonly();

  /** Resolves when it is decided whether this tab leads for now. It goes on waiting for its turn. */
  seek(): Promise<void> {
    this.sought ??= this.decide();
    return this.sought;
  }

  /** Nobody is signed in here any more. */
  resign(): void {
    this.release();
    this.sought = undefined;
    this.leadsSignal.set(false);
  }

  /** Calls whenever this tab has become the leader. */
  onGained(listener: () => void): void {
    this.listeners.add(listener);
  }

  private async decide(): Promise<void> {
    // The type says that locks always exist, which is true of secure pages alone.
    const locks = globalThis.navigator.locks as LockManager | undefined;
    if (!locks) {
      this.gain();
      return;
    }
    const turn = new AbortController();
    this.release = () => {
      turn.abort();
    };
    const resigned = new Promise<void>((resolve) => {
      turn.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    const hold = async (): Promise<void> => {
      if (turn.signal.aborted) return;
      this.gain();
      await resigned;
    };
    await new Promise<void>((decided) => {
      void locks.request(LOCK, { ifAvailable: true }, async (lock) => {
        if (lock) {
          const held = hold();
          decided();
          await held;
          return;
        }
        void locks.request(LOCK, hold);
        decided();
      });
    });
  }

  private gain(): void {
    this.leadsSignal.set(true);
    for (const listener of this.listeners) listener();
  }
}
