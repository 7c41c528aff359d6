import { wantedNear, windowAround, windowSize } from './timeline-window';

describe('the window on a timeline', () => {
  it('is as large, however much is loaded', () => {
    expect(windowSize(640)).toBeLessThanOrEqual(60);
    expect(windowSize(0)).toBe(40);
    expect(windowAround(100_000, 50)).toEqual({ from: 99_950, to: 100_000 });
    expect(windowAround(100_000, 50, 5_000)).toEqual({ from: 4_975, to: 5_025 });
  });

  it('stays within the rows', () => {
    expect(windowAround(20, 50)).toEqual({ from: 0, to: 20 });
    expect(windowAround(20, 50, 3)).toEqual({ from: 0, to: 20 });
    expect(windowAround(200, 50, 3)).toEqual({ from: 0, to: 50 });
    expect(windowAround(200, 50, 198)).toEqual({ from: 150, to: 200 });
  });

  it('knows what will soon be missing', () => {
    const message = { kind: 'message' };
    const rows = Array.from({ length: 300 }, () => message);
    const gapped = rows.with(150, { kind: 'gap', after: 40, before: 90 } as never);
    expect(wantedNear(rows, 280, 1)).toEqual({});
    expect(wantedNear(rows, 20, 7)).toEqual({ before: 7 });
    expect(wantedNear(rows, 20)).toEqual({});
    expect(wantedNear(gapped, 170, 7)).toEqual({ before: 90 });
    expect(wantedNear(gapped, 130, 7)).toEqual({ after: 40 });
    expect(wantedNear(gapped, 90, 7)).toEqual({});
  });
});
