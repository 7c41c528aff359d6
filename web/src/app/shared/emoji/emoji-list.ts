import shortcodes from 'emojibase-data/en/shortcodes/github.json';
import { Emoji } from './emoji';

/** Makes a character that is otherwise drawn as text an emoji. */
const AS_EMOJI = '\uFE0F';

function characterOf(hexcode: string): string {
  const character = String.fromCodePoint(
    ...hexcode.split('-').map((point) => Number.parseInt(point, 16)),
  );
  return /^\P{Emoji_Presentation}$/u.test(character) ? character + AS_EMOJI : character;
}

/** Every emoji that has a name. */
export const EMOJI: readonly Emoji[] = Object.entries(
  shortcodes as Readonly<Record<string, string | string[]>>,
).map(([hexcode, names]) => ({ character: characterOf(hexcode), names: [names].flat() }));
