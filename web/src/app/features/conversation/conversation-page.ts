import { Component, computed, input } from '@angular/core';
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
      <app-conversation-pane [conversationId]="id" [seq]="place()" [thread]="thread()" />
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
  /** The message that the address points at. */
  readonly seq = input<string>();
  /** The message whose thread is open. */
  readonly thread = input<string>();

  protected readonly place = computed(() => {
    const seq = Number(this.seq());
    return Number.isSafeInteger(seq) && seq > 0 ? seq : undefined;
  });
}
