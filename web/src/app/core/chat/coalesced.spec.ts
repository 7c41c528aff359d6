import { Coalesced } from './coalesced';

describe('a coalesced action', () => {
  let ran: string[];
  let finish: ((error?: Error) => void)[];
  let action: Coalesced;

  beforeEach(() => {
    vi.useFakeTimers();
    ran = [];
    finish = [];
    action = new Coalesced((key) => {
      ran.push(key);
      return new Promise((resolve, reject) => {
        finish.push((error) => {
          if (error) reject(error);
          else resolve();
        });
      });
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('runs once for all that ask before it does, for each key', async () => {
    action.ask('a', 50);
    action.ask('a', 50);
    action.ask('b', 80);
    await vi.advanceTimersByTimeAsync(60);
    expect(ran).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(60);
    expect(ran).toEqual(['a', 'b']);
  });

  it('runs again for what was asked while it ran, and never twice at a time', async () => {
    action.ask('a', 50);
    await vi.advanceTimersByTimeAsync(50);
    action.ask('a', 50);
    await vi.advanceTimersByTimeAsync(500);
    expect(ran).toEqual(['a']);
    finish[0]?.();
    await vi.advanceTimersByTimeAsync(50);
    expect(ran).toEqual(['a', 'a']);
  });

  it('is repeated after a failure, until nobody wants it', async () => {
    action.ask('a', 0);
    await vi.advanceTimersByTimeAsync(0);
    finish[0]?.(new Error('no network'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ran).toEqual(['a', 'a']);
    finish[1]?.(new Error('no network'));
    await vi.advanceTimersByTimeAsync(0);
    action.drop('a');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ran).toEqual(['a', 'a']);
  });
});
