import { Component, input } from '@angular/core';
import { ConversationPane } from './conversation-pane';

/**
 * The route of a conversation. Another id means another pane: what was begun in one conversation must never be able to
 * end up in the next.
 */
@Component({
  selector: 'app-conversation-page',
  imports: [ConversationPane],
  template: `
    @for (id of [conversationId()]; track id) {
      <app-conversation-pane [conversationId]="id" />
    }
  `,
  styles: `
    :host {
      flex: 1;
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      min-width: 0;
      min-height: 0;
    }
  `,
})
export class ConversationPage {
  readonly conversationId = input.required<string>();
}
