import { inject, Service, signal } from '@angular/core';
import { AuthApi } from '../api/auth-api';
import { ServerInfo } from '../api/generated/models';
import { backoffMs } from '../realtime/backoff';
import { Wake } from '../realtime/wake';

/** What the server says about itself, and whether the page is still waiting for its first word. */
@Service()
export class ServerStatus {
  private readonly api = inject(AuthApi);
  private readonly wake = inject(Wake);
  private readonly unreachableSignal = signal(false);
  private readonly nameSignal = signal('Hubbub');
  private known?: ServerInfo;

  /** True while the first requests of this visit go unanswered. */
  readonly unreachable = this.unreachableSignal.asReadonly();
  /** The name that the administrator gave this server. */
  readonly name = this.nameSignal.asReadonly();

  /** Asked once; again after `forget`, since setting up changes the answer. */
  async info(): Promise<ServerInfo> {
    this.known ??= await this.whenReachable(() => this.api.server());
    this.nameSignal.set(this.known.name);
    return this.known;
  }

  forget(): void {
    this.known = undefined;
  }

  /** Repeats a request, for ever, until the server answers it. */
  async whenReachable<T>(request: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await request();
        this.unreachableSignal.set(false);
        return answer;
      } catch {
        this.unreachableSignal.set(true);
        await this.wake.within(backoffMs(attempt));
      }
    }
  }
}
