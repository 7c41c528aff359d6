import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { ChatHub } from '../realtime/chat-hub';
import { ConnectionStatus, RealtimeConnection } from '../realtime/realtime-connection';
import { Activity, ACTIVITY_PERIOD_MS } from './activity';

describe('the activity at this device', () => {
  const status = signal<ConnectionStatus>('connected');
  let told: boolean[];

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    status.set('connected');
    const hub: Partial<ChatHub> = {
      setActivity: (isActive) => {
        told.push(isActive);
        return Promise.resolve();
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: ChatHub, useValue: hub },
        { provide: RealtimeConnection, useValue: { status } },
      ],
    });
    TestBed.inject(Activity);
    TestBed.tick();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const press = () => document.dispatchEvent(new KeyboardEvent('keydown'));

  it('is told once a minute, and only while there is some', () => {
    press();
    expect(told).toEqual([]);
    vi.advanceTimersByTime(ACTIVITY_PERIOD_MS);
    expect(told).toEqual([]);
    press();
    press();
    expect(told).toEqual([true]);
    vi.advanceTimersByTime(ACTIVITY_PERIOD_MS);
    press();
    expect(told).toEqual([true, true]);
  });

  it('is told to a connection only', () => {
    vi.advanceTimersByTime(ACTIVITY_PERIOD_MS);
    status.set('waiting');
    press();
    expect(told).toEqual([]);
  });
});
