import { TestBed } from '@angular/core/testing';
import { EmojiNames } from './emoji';
import { EMOJI } from './emoji-list';

describe('emoji by name', () => {
  it('are found by each of their names', async () => {
    const emoji = TestBed.inject(EmojiNames);
    expect(emoji.find('tada')).toBeUndefined();
    await emoji.load();
    expect(emoji.find('tada')).toBe('🎉');
    expect(emoji.find('+1')).toBe('👍');
    expect(emoji.find('thumbsup')).toBe('👍');
    expect(emoji.find('nothing-like-it')).toBeUndefined();
  });

  it('are those whose names begin like it, and then those that have it anywhere', async () => {
    const emoji = TestBed.inject(EmojiNames);
    await emoji.load();
    const names = emoji.search('heart').map(({ names }) => names.join(' '));
    expect(names).toHaveLength(8);
    expect(names[0]).toMatch(/^heart/u);
    expect(emoji.search('eart').length).toBeGreaterThan(0);
  });

  it('are drawn as emoji, also those that are text by themselves', () => {
    const characterOf = (name: string) =>
      EMOJI.find(({ names }) => names.includes(name))?.character;
    expect(characterOf('heart')).toBe('❤\uFE0F');
    expect(characterOf('tada')).toBe('🎉');
    expect(new Set(EMOJI.map(({ character }) => character)).size).toBe(EMOJI.length);
  });
});
