import { computed, DOCUMENT, inject, Service, signal } from '@angular/core';
import { AuthApi } from '../api/auth-api';
import { isTransient, toProblem } from '../api/problem';
import { LoginRequest, RegisterRequest, Session, User } from '../api/generated/models';
import { deviceName } from './device-name';
import { lastVisit, rememberVisit } from '../storage/last-visit';
import { exclusively } from './exclusively';
import { OtherTabs } from './other-tabs';

/** Whether there is, or was, somebody signed in. `ended`: the server ended the session while the page was open. */
export type SessionStatus = 'unknown' | 'signedIn' | 'signedOut' | 'ended';

interface AccessToken {
  value: string;
  expiresAt: number;
}

/** A token this close to its end is renewed before it is used. */
const EXPIRY_MARGIN_MS = 30_000;
/** The part of a token's life after which it is renewed in the background. */
const RENEW_AFTER = 0.75;
/** About how long to wait before another attempt to renew. */
const RETRY_MS = 8_000;
/** How the page looks is the device's, not the person's. */
const THEME_KEY = 'hubbub.theme';
const CLEAR_TIMEOUT_MS = 2_000;
/** Remembers that a refresh cookie may exist, so that strangers' first visit asks for nothing in vain. */
const HINT_KEY = 'hubbub.signedIn';

/**
 * Who is signed in. The access token lives only here, in memory; what survives a reload is the `HttpOnly`
 * refresh cookie, which works once. So only one tab at a time spends it, and tells the others what it got.
 */
@Service()
export class SessionStore {
  private readonly api = inject(AuthApi);
  private readonly tabs = inject(OtherTabs);
  private readonly document = inject(DOCUMENT);

  private readonly statusSignal = signal<SessionStatus>('unknown');
  private readonly userSignal = signal<User | undefined>(undefined);
  private readonly token = signal<AccessToken | undefined>(undefined);
  private renewal?: Promise<boolean>;
  private timer?: ReturnType<typeof setTimeout>;

  readonly status = this.statusSignal.asReadonly();
  /** The person signed in, or, when the session ended, the one who was. */
  readonly user = this.userSignal.asReadonly();
  readonly signedIn = computed(() => this.statusSignal() === 'signedIn');
  /** The current token's text; changes with every renewal. */
  readonly accessToken = computed(() => this.token()?.value);
  readonly isAdministrator = computed(() => {
    const role = this.userSignal()?.role;
    return role === 'owner' || role === 'admin';
  });

  constructor() {
    this.tabs.listen((news) => {
      if (news.type === 'signedOut') void this.leave();
      else if (this.signedIn() || this.statusSignal() === 'ended') this.accept(news.session);
    });
  }

  /**
   * At start: picks up the session of the last visit. Who was here last is taken to be here still, so that what was kept
   * can be shown before the server has answered, or without it; it is asked meanwhile. Otherwise this rejects while the
   * server cannot be reached.
   */
  async restore(): Promise<void> {
    if (this.statusSignal() !== 'unknown') return;
    if (this.document.defaultView?.localStorage.getItem(HINT_KEY) === null) {
      this.statusSignal.set('signedOut');
      return;
    }
    const visit = lastVisit();
    if (!visit) {
      await this.renew();
      return;
    }
    this.userSignal.set(visit.user);
    this.statusSignal.set('signedIn');
    this.schedule(0);
  }

  async signIn(request: LoginRequest): Promise<void> {
    this.begin(await this.api.login({ ...request, ...this.device() }));
  }

  async register(request: RegisterRequest): Promise<void> {
    this.begin(await this.api.register({ ...request, ...this.device() }));
  }

  /** Ends the session on the server and starts the page afresh, so that nothing of it stays in memory. */
  async signOut(): Promise<void> {
    await this.api.logout();
    this.tabs.tell({ type: 'signedOut' });
    await this.leave();
  }

  /** A token that is good for the next half minute, renewed first if need be. */
  async freshToken(): Promise<string | undefined> {
    const token = this.token();
    if (token && token.expiresAt - Date.now() > EXPIRY_MARGIN_MS) return token.value;
    if (this.statusSignal() === 'signedOut' || this.statusSignal() === 'ended') return undefined;
    await this.renew();
    return this.token()?.value;
  }

  /** Gets a new access token; false when the session is over. Concurrent calls share one request. */
  renew(): Promise<boolean> {
    this.renewal ??= exclusively('hubbub.refresh', () => this.refresh()).finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  setUser(user: User): void {
    this.userSignal.set(user);
  }

  private async refresh(): Promise<boolean> {
    try {
      const session = await this.api.refresh();
      this.accept(session);
      this.tabs.tell({ type: 'renewed', session });
      return true;
    } catch (error) {
      const problem = toProblem(error);
      if (isTransient(problem) || problem.status >= 500) throw problem;
      this.end();
      return false;
    }
  }

  private device(): { deviceName?: string } {
    const name = deviceName(this.document.defaultView?.navigator.userAgent ?? '');
    return name ? { deviceName: name } : {};
  }

  private begin(session: Session): void {
    this.accept(session);
    this.tabs.tell({ type: 'renewed', session });
  }

  private accept(session: Session): void {
    const known = this.userSignal();
    this.document.defaultView?.localStorage.setItem(HINT_KEY, 'yes');
    if (known && known.id !== session.user.id) {
      // Another person now: what the page remembers is not theirs to see.
      rememberVisit({ user: session.user });
      this.restart('/');
      return;
    }
    const lifetime = session.expiresIn * 1000;
    this.token.set({ value: session.accessToken, expiresAt: Date.now() + lifetime });
    this.userSignal.set(session.user);
    rememberVisit({ ...lastVisit(), user: session.user });
    this.statusSignal.set('signedIn');
    this.schedule(lifetime * RENEW_AFTER);
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.renew().catch((error: unknown) => {
        const problem = toProblem(error);
        this.schedule(problem.retryAfterMs ?? RETRY_MS * (0.5 + Math.random()));
      });
    }, delay);
  }

  /** The server no longer knows the session. Everything in memory stays for when the person is back. */
  private end(): void {
    clearTimeout(this.timer);
    this.document.defaultView?.localStorage.removeItem(HINT_KEY);
    this.token.set(undefined);
    this.statusSignal.set(this.userSignal() ? 'ended' : 'signedOut');
  }

  /** Nothing that was read or written here stays on this device. Every tab does this; what is gone is gone. */
  private async leave(): Promise<void> {
    clearTimeout(this.timer);
    // Nobody writes from now on.
    this.statusSignal.set('signedOut');
    const storage = this.document.defaultView;
    for (const key of Object.keys(storage?.localStorage ?? {})) {
      if (key.startsWith('hubbub.') && key !== THEME_KEY) storage?.localStorage.removeItem(key);
    }
    storage?.sessionStorage.clear();
    await cleared();
    this.restart('/sign-in');
  }

  private restart(path: string): void {
    clearTimeout(this.timer);
    this.document.defaultView?.location.assign(path);
  }
}

/** Deleting waits for other tabs to let go; the way out does not wait for long. */
async function cleared(): Promise<void> {
  const { deleteEverything } = await import('../storage/databases');
  const patience = new Promise<void>((resolve) => setTimeout(resolve, CLEAR_TIMEOUT_MS));
  await Promise.race([deleteEverything().catch(() => undefined), patience]);
}
