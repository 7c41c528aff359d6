import { Component, inject } from '@angular/core';
import { Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { TEXTS } from '../../shared/texts';

/** What the keyboard can do. */
@Component({
  selector: 'app-shortcuts',
  imports: [DialogFrame],
  template: `
    <app-dialog-frame [heading]="texts.title" (closed)="dialogs.close()">
      <dl>
        @for (row of texts.rows; track row[0]) {
          <div>
            <dt>
              <kbd>{{ row[0] }}</kbd>
            </dt>
            <dd>{{ row[1] }}</dd>
          </div>
        }
      </dl>
    </app-dialog-frame>
  `,
  styles: `
    div {
      display: flex;
      align-items: baseline;
      gap: var(--space-4);
      padding: var(--space-1) 0;
    }
    dt {
      flex: none;
      width: 140px;
    }
    kbd {
      padding: 2px 6px;
      border: 1px solid var(--line);
      border-radius: 4px;
      background: var(--bg-1);
      font: inherit;
      font-size: var(--text-small);
    }
  `,
})
export class Shortcuts {
  protected readonly dialogs = inject(Dialogs);
  protected readonly texts = TEXTS.shortcuts;
}
