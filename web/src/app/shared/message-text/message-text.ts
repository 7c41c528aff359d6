import { Component, computed, input } from '@angular/core';
import { isOnlyEmoji, Mention, textParts } from './text-parts';

/** A message's text with its line breaks and links and mentions, built as nodes and never as HTML. */
@Component({
  selector: 'app-message-text',
  // In one line: white space in here is shown.
  // prettier-ignore
  template: `@for (part of parts(); track $index) {@if (part.kind === 'link') {<a [href]="part.href" target="_blank" rel="noopener noreferrer nofollow ugc">{{ part.text }}</a>} @else if (part.kind === 'mention') {<span class="mention" [class.self]="part.self">{{ part.text }}</span>} @else {{{ part.text }}}}`,
  host: { dir: 'auto', '[class.large]': 'large()' },
  styles: `
    :host {
      display: block;
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }
    :host(.large) {
      font-size: 2rem;
      line-height: 2.5rem;
    }
    .mention {
      padding: 0 2px;
      border-radius: 4px;
      background: var(--accent-soft);
      color: var(--accent);
      font-weight: var(--weight-medium);
    }
    .mention.self {
      background: var(--highlight);
      color: var(--fg-0);
    }
  `,
})
export class MessageText {
  readonly body = input.required<string>();
  readonly mentions = input<readonly Mention[]>([]);
  protected readonly parts = computed(() => textParts(this.body(), this.mentions()));
  protected readonly large = computed(() => isOnlyEmoji(this.body()));
}
