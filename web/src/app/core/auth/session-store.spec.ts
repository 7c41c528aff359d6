import { TestBed } from '@angular/core/testing';
import { session } from '../../../testing/builders';
import { AuthApi } from '../api/auth-api';
import { Problem } from '../api/problem';
import { Session } from '../api/generated/models';
import { SessionStore } from './session-store';

describe('the session', () => {
  let refreshes: number;
  let refresh: () => Promise<Session>;
  let store: SessionStore;

  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    refreshes = 0;
    refresh = () => Promise.resolve(session({ accessToken: `token-${String(refreshes)}` }));
    const api: Partial<AuthApi> = {
      login: () => Promise.resolve(session()),
      refresh: () => {
        refreshes++;
        return refresh();
      },
    };
    TestBed.configureTestingModule({ providers: [{ provide: AuthApi, useValue: api }] });
    store = TestBed.inject(SessionStore);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const signIn = () => store.signIn({ username: 'ana', password: 'correct horse' });

  it('asks a first visitor’s server for nothing', async () => {
    await store.restore();
    expect(store.status()).toBe('signedOut');
    expect(refreshes).toBe(0);
  });

  it('is restored after a reload', async () => {
    localStorage.setItem('hubbub.signedIn', 'yes');
    await store.restore();
    expect(store.signedIn()).toBe(true);
    expect(store.user()?.displayName).toBe('Ana Ruiz');
  });

  it('is neither lost nor restored while the server cannot be reached', async () => {
    localStorage.setItem('hubbub.signedIn', 'yes');
    refresh = () => Promise.reject(new Problem('unreachable'));
    await expect(store.restore()).rejects.toMatchObject({ code: 'unreachable' });
    expect(store.status()).toBe('unknown');
    expect(localStorage.getItem('hubbub.signedIn')).toBe('yes');
  });

  it('renews its token before it expires', async () => {
    await signIn();
    await vi.advanceTimersByTimeAsync(449_000);
    expect(refreshes).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(refreshes).toBe(1);
    expect(store.accessToken()).toBe('token-1');
  });

  it('keeps trying to renew while the server is away', async () => {
    await signIn();
    refresh = () => Promise.reject(new Problem('unreachable'));
    await vi.advanceTimersByTimeAsync(500_000);
    expect(refreshes).toBeGreaterThan(5);
    expect(store.signedIn()).toBe(true);
  });

  it('renews once for all who need a token', async () => {
    await signIn();
    await vi.advanceTimersByTimeAsync(440_000);
    vi.setSystemTime(Date.now() + 200_000);
    const tokens = await Promise.all([store.freshToken(), store.freshToken(), store.renew()]);
    expect(refreshes).toBe(1);
    expect(tokens).toEqual(['token-1', 'token-1', true]);
  });

  it('ends by a plain 401, and still knows whose it was', async () => {
    await signIn();
    refresh = () => Promise.reject(new Problem('session_revoked', '', 401));
    expect(await store.renew()).toBe(false);
    expect(store.status()).toBe('ended');
    expect(store.user()?.username).toBe('ana');
    expect(await store.freshToken()).toBeUndefined();
  });

  it('goes on when the same person signs in again', async () => {
    await signIn();
    refresh = () => Promise.reject(new Problem('session_revoked', '', 401));
    await store.renew();
    await signIn();
    expect(store.signedIn()).toBe(true);
  });
});
