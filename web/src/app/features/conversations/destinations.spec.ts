import { conversation, user } from '../../../testing/builders';
import { destinations, isNamed, matching } from './destinations';

const places = destinations(
  [
    conversation({ id: 'a', name: 'Reading club' }),
    conversation({ id: 'b', name: 'Café', unreadCount: 3 }),
    conversation({ id: 'c', kind: 'direct', peer: user({ id: 'bea', displayName: 'Bea Lind' }) }),
  ],
  [user({ id: 'bea' }), user({ id: 'dana', displayName: 'Dana', username: 'dd' })],
  new Date(),
);
const names = (query: string) => matching(places, query).map(({ name }) => name);

describe('the switcher', () => {
  it('begins with what is unread, and lists everybody once', () => {
    expect(names('')).toEqual(['Café', 'Reading club', 'Bea Lind', 'Dana']);
  });

  it('finds by any part of a name, without accents, and by username', () => {
    expect(names('cafe')).toEqual(['Café']);
    expect(names('li')).toEqual(['Bea Lind']);
    expect(names('@dd')).toEqual(['Dana']);
    expect(names('c')[0]).toBe('Café');
    expect(names('zz')).toEqual([]);
  });
});

describe('a filter', () => {
  it('keeps names that have its words, whatever their case and accents', () => {
    expect(isNamed('Café Größe', 'cafe')).toBe(true);
    expect(isNamed('Friday sailing', ' SAIL ')).toBe(true);
    expect(isNamed('Friday sailing', '')).toBe(true);
    expect(isNamed('Friday sailing', 'sunday')).toBe(false);
  });
});
