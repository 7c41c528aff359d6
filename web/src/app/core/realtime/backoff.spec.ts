import { backoffMs } from './backoff';

describe('the wait before another attempt', () => {
  const longest = (attempt: number) => backoffMs(attempt, () => 0.999_999);

  it('grows, but never beyond half a minute', () => {
    expect(longest(0)).toBe(1_000);
    expect(longest(3)).toBeGreaterThan(longest(2));
    expect(longest(50)).toBe(30_000);
    expect(longest(5_000)).toBe(30_000);
  });

  it('lies anywhere below its limit, and is never nothing', () => {
    expect(backoffMs(4, () => 0.5)).toBeCloseTo(longest(4) / 2, -1);
    expect(backoffMs(4, () => 0)).toBe(100);
  });
});
