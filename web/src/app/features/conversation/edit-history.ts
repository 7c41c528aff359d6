import { Component, computed, inject, signal } from '@angular/core';
import { ConversationsApi } from '../../core/api/conversations-api';
import { toProblem } from '../../core/api/problem';
import { Revision } from '../../core/api/generated/models';
import { DIALOG_DATA, DialogData, Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { MessageText } from '../../shared/message-text/message-text';
import { problemText, TEXTS } from '../../shared/texts';
import { fullTime } from '../../shared/times';

/** What a message said before it was edited. */
@Component({
  selector: 'app-edit-history',
  imports: [DialogFrame, MessageText],
  template: `
    <app-dialog-frame [heading]="texts.history" (closed)="dialogs.close()">
      <ol>
        @for (revision of entries(); track $index) {
          <li>
            <time [attr.datetime]="revision.at">{{ revision.label }}</time>
            <app-message-text [body]="revision.body" />
          </li>
        }
      </ol>
      @if (problem(); as sentence) {
        <p class="notice error" role="alert">{{ sentence }}</p>
      }
    </app-dialog-frame>
  `,
  styles: `
    li {
      padding: var(--space-2) 0;
    }
    li + li {
      border-top: 1px solid var(--line);
    }
    time {
      color: var(--fg-2);
      font-size: var(--text-meta);
    }
  `,
})
export class EditHistory {
  private readonly api = inject(ConversationsApi);
  protected readonly dialogs = inject(Dialogs);
  private readonly message = (inject(DIALOG_DATA) as DialogData['editHistory']).message;

  protected readonly texts = TEXTS.message;
  protected readonly problem = signal('');
  private readonly revisions = signal<readonly Revision[]>([]);
  /** The latest text first. */
  protected readonly entries = computed(() => {
    const { body, editedAt = this.message.sentAt } = this.message;
    const now = { body, at: editedAt, label: `${this.texts.historyNow}, ${whenOf(editedAt)}` };
    const before = this.revisions().map(({ body, writtenAt }) => ({
      body,
      at: writtenAt,
      label: whenOf(writtenAt),
    }));
    return [now, ...before.reverse()];
  });

  constructor() {
    const { conversationId, messageId } = this.message;
    this.api.revisions(conversationId, messageId).then(
      (revisions) => {
        this.revisions.set(revisions);
      },
      (error: unknown) => {
        this.problem.set(problemText(toProblem(error)));
      },
    );
  }
}

function whenOf(at: string): string {
  return fullTime(new Date(at));
}
