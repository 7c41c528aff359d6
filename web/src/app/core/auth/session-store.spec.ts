import { TestBed } from '@angular/core/testing';
import { session } from '../../../testing/builders';
import { FakeTabs } from '../../../testing/fake-tabs';
import { AuthApi } from '../api/auth-api';
import { Problem } from '../api/problem';
import { Session } from '../api/generated/models';
import { TabNews } from './other-tabs';
import { TAB_CHANNELS } from '../realtime/tab-channel';
import { SessionStore } from './session-store';

describe('the session', () => {
  let refreshes: number;
  let refresh: () => Promise<Session>;
  let store: SessionStore;
  let tabs: FakeTabs;

  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    refreshes = 0;
    tabs = new FakeTabs();
    refresh = () => Promise.resolve(session({ accessToken: `token-${String(refreshes)}` }));
    const api: Partial<AuthApi> = {
      login: () => Promise.resolve(session()),
      refresh: () => {
        refreshes++;
        return refresh();
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: AuthApi, useValue: api },
        { provide: TAB_CHANNELS, useValue: tabs.open },
      ],
    });
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

  it('is taken to be the last visitor’s while the server is asked, and when it cannot be', async () => {
    localStorage.setItem('hubbub.signedIn', 'yes');
    localStorage.setItem('hubbub.lastVisit', JSON.stringify({ user: session().user }));
    refresh = () => Promise.reject(new Problem('unreachable'));
    await store.restore();
    expect(store.signedIn()).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.signedIn()).toBe(true);
    refresh = () => Promise.reject(new Problem('session_revoked', '', 401));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(store.status()).toBe('ended');
  });

  it('is renewed by one tab for all', async () => {
    await signIn();
    tabs
      .open<TabNews>('hubbub.session')
      .post({ type: 'renewed', session: session({ accessToken: 'theirs' }) });
    await vi.advanceTimersByTimeAsync(0);
    expect(store.accessToken()).toBe('theirs');
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
