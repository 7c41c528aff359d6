import { Component, computed, input } from '@angular/core';
import { isOnlyEmoji, textParts } from './text-parts';

/** A message's text with its line breaks and links, built as nodes and never as HTML. */
@Component({
  selector: 'app-message-text',
  // In one line: white space in here is shown.
  // prettier-ignore
  template: `@for (part of parts(); track $index) {@if (part.kind === 'link') {<a [href]="part.href" target="_blank" rel="noopener noreferrer nofollow ugc">{{ part.text }}</a>} @else {{{ part.text }}}}`,
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
  `,
})
export class MessageText {
  readonly body = input.required<string>();
  protected readonly parts = computed(() => textParts(this.body()));
  protected readonly large = computed(() => isOnlyEmoji(this.body()));
}
