import { Service, signal } from '@angular/core';

/** An emoji with the names by which it is found; the first is the usual one. */
export interface Emoji {
  character: string;
  names: readonly string[];
}

/** How many suggestions there are at most. */
const MOST = 8;

/** All emoji by name. The list is loaded when somebody first needs it. */
@Service()
export class EmojiNames {
  private readonly all = signal<readonly Emoji[]>([]);
  private readonly byName = new Map<string, string>();
  private loading?: Promise<void>;

  /** Without a network it is tried again the next time. */
  load(): Promise<void> {
    this.loading ??= import('./emoji-list')
      .then(({ EMOJI }) => {
        for (const { character, names } of EMOJI) {
          for (const name of names) this.byName.set(name, character);
        }
        this.all.set(EMOJI);
      })
      .catch(() => {
        this.loading = undefined;
      });
    return this.loading;
  }

  find(name: string): string | undefined {
    return this.byName.get(name);
  }

  /** A signal read: names that begin like this, then those that have it anywhere. */
  search(query: string): Emoji[] {
    const wanted = query.toLowerCase();
    const rank = (emoji: Emoji) =>
      emoji.names.some((name) => name.startsWith(wanted))
        ? 0
        : emoji.names.some((name) => name.includes(wanted))
          ? 1
          : 2;
    const ranked = this.all().map((emoji) => ({ emoji, rank: rank(emoji) }));
    return ranked
      .filter(({ rank }) => rank < 2)
      .sort((one, other) => one.rank - other.rank)
      .slice(0, MOST)
      .map(({ emoji }) => emoji);
  }
}
