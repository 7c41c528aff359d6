import { dayName, dayOf } from './times';

describe('days', () => {
  const now = new Date(2026, 10, 23, 0, 30);
  const name = (at: Date) => dayName(at, now, 'Today', 'Yesterday');

  it('change at midnight, not after twenty-four hours', () => {
    expect(name(new Date(2026, 10, 23, 0, 1))).toBe('Today');
    expect(name(new Date(2026, 10, 22, 23, 59))).toBe('Yesterday');
    expect(name(new Date(2026, 10, 21, 12))).toContain('21');
  });

  it('carry their year when it is another one', () => {
    expect(name(new Date(2025, 10, 23))).toContain('2025');
    expect(name(new Date(2026, 0, 2))).not.toContain('2026');
  });

  it('are one apart across a change of the clocks', () => {
    expect(dayOf(new Date(2026, 2, 30, 1)) - dayOf(new Date(2026, 2, 29, 1))).toBe(1);
    expect(dayOf(new Date(2026, 9, 26, 1)) - dayOf(new Date(2026, 9, 25, 1))).toBe(1);
  });
});
