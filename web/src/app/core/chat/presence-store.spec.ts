import { Component, inject, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { Presence } from '../api/events';
import { ChatHub } from '../realtime/chat-hub';
import { ConnectionStatus, RealtimeConnection } from '../realtime/realtime-connection';
import { PresenceStore } from './presence-store';

const status = signal<ConnectionStatus>('connected');
const shown = signal<readonly string[]>([]);

@Component({ selector: 'app-shows-people', template: '' })
class ShowsPeople {
  constructor() {
    inject(PresenceStore).show(shown);
  }
}

describe('the presence of people', () => {
  let calls: string[];
  let store: PresenceStore;

  beforeEach(() => {
    calls = [];
    status.set('connected');
    shown.set(['bea']);
    const hub: Partial<ChatHub> = {
      watchPresence: (ids) => {
        calls.push(`watch ${ids.join()}`);
        return Promise.resolve(ids.map((id) => presence(id, 'active', 1)));
      },
      unwatchPresence: (ids) => {
        calls.push(`unwatch ${ids.join()}`);
        return Promise.resolve();
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: ChatHub, useValue: hub },
        { provide: RealtimeConnection, useValue: { status } },
      ],
    });
    store = TestBed.inject(PresenceStore);
  });

  const presence = (userId: string, state: Presence['state'], version: number): Presence => ({
    userId,
    state,
    version,
  });

  it('is asked for those who are on screen, and no longer than that', async () => {
    const screen = TestBed.createComponent(ShowsPeople);
    await screen.whenStable();
    shown.set(['bea', 'chidi']);
    await screen.whenStable();
    shown.set(['chidi']);
    await screen.whenStable();
    expect(calls).toEqual(['watch bea', 'watch chidi', 'unwatch bea']);
    expect(store.stateOf('chidi')).toBe('active');
    screen.destroy();
    TestBed.tick();
    expect(calls.at(-1)).toBe('unwatch chidi');
  });

  it('is asked for again by every connection', async () => {
    const screen = TestBed.createComponent(ShowsPeople);
    await screen.whenStable();
    status.set('waiting');
    await screen.whenStable();
    status.set('connected');
    await screen.whenStable();
    expect(calls).toEqual(['watch bea', 'watch bea']);
  });

  it('says what people say of themselves, and when those who are away were here', () => {
    const bea = presence('bea', 'active', 1);
    store.apply({ ...bea, status: { emoji: '🌴', text: 'At sea' } });
    expect(store.statusOf('bea')).toBe('🌴 At sea');
    expect(store.lastSeenOf('bea')).toBeUndefined();
    const lastSeen = '2026-11-23T12:00:00Z';
    store.apply({ ...presence('bea', 'offline', 2), lastSeen });
    expect(store.statusOf('bea')).toBeUndefined();
    expect(store.lastSeenOf('bea')).toEqual(new Date(lastSeen));
  });

  it('does not go back to an older state', () => {
    store.apply(presence('bea', 'offline', 5));
    store.apply(presence('bea', 'active', 4));
    expect(store.stateOf('bea')).toBe('offline');
  });

  it('believes the next connection, even if its server counts afresh', async () => {
    store.apply(presence('bea', 'active', 37));
    status.set('waiting');
    TestBed.tick();
    expect(store.stateOf('bea')).toBe('active');
    status.set('connected');
    TestBed.tick();
    store.apply(presence('bea', 'offline', 1));
    expect(store.stateOf('bea')).toBe('offline');
  });

  it('is unknown as soon as the server cannot tell, and known again as it was', () => {
    store.apply(presence('bea', 'active', 37));
    store.apply(presence('bea', 'unknown', 0));
    expect(store.stateOf('bea')).toBeUndefined();
    store.apply(presence('bea', 'active', 37));
    expect(store.stateOf('bea')).toBe('active');
  });

  it('is unknown, not wrong, when the connection has been away', () => {
    store.apply(presence('bea', 'active', 5));
    store.forget();
    expect(store.stateOf('bea')).toBeUndefined();
  });
});
