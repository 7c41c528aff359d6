import { Component, computed, input } from '@angular/core';
import { LucideHash, LucideUsers } from '@lucide/angular';

/** A person's initials on a colour of their own, or the sign of a group or channel. Names stand beside it. */
@Component({
  selector: 'app-avatar',
  imports: [LucideHash, LucideUsers],
  template: `
    @switch (kind()) {
      @case ('channel') {
        <svg lucideHash [size]="iconSize()" aria-hidden="true"></svg>
      }
      @case ('group') {
        <svg lucideUsers [size]="iconSize()" aria-hidden="true"></svg>
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
      background: oklch(48% 0.1 var(--hue));
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

/** A hue, 0 to 359, that looks random and is always the same for the same text. */
export function hueOf(text: string): number {
  let hash = 2166136261;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  }
  return (hash >>> 0) % 360;
}
