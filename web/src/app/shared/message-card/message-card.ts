import { Component, input, output } from '@angular/core';
import { Avatar } from '../avatar/avatar';

/** What a list says of a message that stands elsewhere. */
export interface Card {
  readonly seed: string;
  readonly author: string;
  /** The conversation, where that is not plain. */
  readonly place?: string;
  readonly time: string;
  readonly text: string;
  readonly remark?: string;
  readonly badge?: string;
}

/** A message in a list, in a few lines; pressing it leads there. */
@Component({
  selector: 'app-message-card',
  imports: [Avatar],
  template: `
    <button type="button" (click)="opened.emit()">
      <app-avatar [name]="card().author" [seed]="card().seed" [size]="32" />
      <span class="by">
        <bdi class="author">{{ card().author }}</bdi>
        @if (card().place; as place) {
          <bdi class="hint">{{ place }}</bdi>
        }
        <span class="hint time">{{ card().time }}</span>
      </span>
      <span class="text" dir="auto">{{ card().text }}</span>
      @if (card().remark) {
        <span class="hint remark">
          {{ card().remark }}
          @if (card().badge) {
            <span class="badge">{{ card().badge }}</span>
          }
        </span>
      }
    </button>
  `,
  styles: `
    button {
      display: grid;
      grid-template-columns: auto minmax(0, 1fr);
      column-gap: var(--space-3);
      width: 100%;
      padding: var(--space-2);
      border-radius: var(--radius-2);
      text-align: start;
    }
    button:hover {
      background: var(--hover);
    }
    app-avatar {
      grid-row: span 3;
      margin-top: 2px;
    }
    .by {
      display: flex;
      align-items: baseline;
      gap: var(--space-2);
      min-width: 0;
    }
    .author {
      font-weight: var(--weight-bold);
    }
    .author,
    .by .hint {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .by .time {
      flex: none;
      margin-inline-start: auto;
    }
    .hint {
      color: var(--fg-2);
      font-size: var(--text-meta);
      font-variant-numeric: tabular-nums;
    }
    .text {
      display: -webkit-box;
      -webkit-box-orient: vertical;
      -webkit-line-clamp: 2;
      overflow: hidden;
      overflow-wrap: anywhere;
    }
    .remark {
      grid-column: 2;
      line-height: 1.25rem;
    }
    .badge {
      padding: 1px 6px;
      border-radius: var(--radius-full);
      background: var(--accent);
      color: var(--on-accent);
    }
  `,
})
export class MessageCard {
  readonly card = input.required<Card>();
  readonly opened = output();
}
