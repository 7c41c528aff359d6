import { endOf } from './status-end';

describe('a status', () => {
  const now = new Date(2026, 10, 23, 22, 45);

  it('ends after the time that was chosen, or at midnight, or never', () => {
    expect(endOf('halfHour', now)).toEqual(new Date(2026, 10, 23, 23, 15));
    expect(endOf('fourHours', now)).toEqual(new Date(2026, 10, 24, 2, 45));
    expect(endOf('today', now)).toEqual(new Date(2026, 10, 24));
    expect(endOf('ever', now)).toBeUndefined();
  });
});
