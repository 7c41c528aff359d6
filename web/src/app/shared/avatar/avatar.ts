import { Component, computed, input } from '@angular/core';
import { Icon } from '../icon/icon';

/** A person's initials on a colour of their own, or the sign of a group or channel. Names stand beside it. */
@Component({
  selector: 'app-avatar',
  imports: [Icon],
  template: `
    @switch (kind()) {
      @case ('channel') {
        <app-icon name="channel" [size]="iconSize()" />
      }
      @case ('group') {
        <app-icon name="group" [size]="iconSize()" />
      }
      @default {
        {{ initials() }}
      }
    }
  `,
  host: {
    'aria-hidden': 'true',
    '[style.--size]': 'size() + "px"',
    '[style.--hue]': 'hue()',
    '[class.sign]': 'kind() !== "person"',
  },
  styles: `
    :host {
      flex: none;
      display: grid;
      place-items: center;
      width: var(--size);
      height: var(--size);
      border-radius: calc(var(--size) * 0.28);
      background: oklch(50% 0.115 var(--hue));
      color: oklch(99% 0.01 var(--hue));
      font-size: calc(var(--size) * 0.38);
      line-height: 1;
      font-weight: var(--weight-bold);
      letter-spacing: 0.01em;
      user-select: none;
    }
    :host(.sign) {
      background: var(--bg-2);
      color: var(--fg-1);
    }
  `,
})
export class Avatar {
  readonly name = input.required<string>();
  /** What the colour is drawn from, so that a rename keeps it. */
  readonly seed = input.required<string>();
  readonly kind = input<'person' | 'group' | 'channel'>('person');
  readonly size = input(36);

  protected readonly initials = computed(() => initialsOf(this.name()));
  protected readonly hue = computed(() => hueOf(this.seed()));
  protected readonly iconSize = computed(() => Math.round(this.size() * 0.5));
}

/** The first letters of the first and the last word. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return picked
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toLocaleUpperCase();
}

/** Far enough apart to be told from each other; the muddy part of the circle is left out. */
const HUES = [12, 38, 62, 138, 168, 205, 232, 258, 285, 312, 340];

/** A hue that looks random and is always the same for the same text. */
export function hueOf(text: string): number {
  let hash = 2166136261;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  }
  // Mixed once more: the low bits of this hash alone are not random enough.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return HUES[((hash ^ (hash >>> 13)) >>> 0) % HUES.length] ?? 0;
}
