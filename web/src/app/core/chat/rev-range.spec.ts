import { place } from './rev-range';

describe('the log rule', () => {
  it('applies what starts at the position', () => {
    expect(place(4, { fromRev: 4, toRev: 5 })).toBe('next');
  });

  it('applies what starts below the position and ends above it', () => {
    expect(place(4, { fromRev: 2, toRev: 6 })).toBe('next');
  });

  it('drops what ends at or below the position', () => {
    expect(place(4, { fromRev: 3, toRev: 4 })).toBe('known');
    expect(place(4, { fromRev: 0, toRev: 1 })).toBe('known');
  });

  it('sees a gap in what starts above the position', () => {
    expect(place(4, { fromRev: 5, toRev: 6 })).toBe('gap');
  });
});
