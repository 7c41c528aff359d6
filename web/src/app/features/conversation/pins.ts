import { Component, computed, inject, signal, viewChild } from '@angular/core';
import { Router } from '@angular/router';
import { ConversationsApi } from '../../core/api/conversations-api';
import { Message } from '../../core/api/generated/models';
import { toProblem } from '../../core/api/problem';
import { PeopleStore } from '../../core/chat/people-store';
import { Clock } from '../../core/layout/clock';
import { DIALOG_DATA, DialogData, Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { MessageCard } from '../../shared/message-card/message-card';
import { excerpt, problemText, TEXTS } from '../../shared/texts';
import { listTime } from '../../shared/times';

/** What was pinned in a conversation, the latest pin first. */
@Component({
  selector: 'app-pins',
  imports: [DialogFrame, MessageCard],
  template: `
    <app-dialog-frame [heading]="texts.title" (closed)="dialogs.close()">
      @if (rows().length > 0) {
        <ul>
          @for (row of rows(); track row.seq) {
            <li><app-message-card [card]="row" (opened)="open(row.seq)" /></li>
          }
        </ul>
      } @else if (pins()) {
        <p>{{ texts.empty }}</p>
      }
      @if (problem(); as sentence) {
        <p class="notice error" role="alert">{{ sentence }}</p>
      }
    </app-dialog-frame>
  `,
})
export class Pins {
  private readonly people = inject(PeopleStore);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);
  protected readonly dialogs = inject(Dialogs);
  private readonly frame = viewChild.required(DialogFrame);
  private readonly id = (inject(DIALOG_DATA) as DialogData['pins']).conversationId;

  protected readonly texts = TEXTS.pins;
  protected readonly problem = signal('');
  protected readonly pins = signal<readonly Message[] | undefined>(undefined);
  protected readonly rows = computed(() =>
    (this.pins() ?? []).map(({ seq, senderId, sentAt, body, pinnedBy }) => ({
      seq,
      seed: senderId,
      author: this.nameOf(senderId),
      time: listTime(new Date(sentAt), this.clock.now()),
      text: excerpt(body),
      remark: pinnedBy ? TEXTS.message.pinnedBy(this.nameOf(pinnedBy)) : '',
    })),
  );

  constructor() {
    inject(ConversationsApi)
      .pins(this.id)
      .then(
        (pins) => {
          this.pins.set(pins);
          void this.people.ensure(
            pins.flatMap(({ senderId, pinnedBy }) => [senderId, pinnedBy ?? []].flat()),
          );
        },
        (error: unknown) => {
          this.problem.set(problemText(toProblem(error)));
        },
      );
  }

  protected open(seq: number): void {
    this.frame().close();
    void this.router.navigate(['/c', this.id, seq], { onSameUrlNavigation: 'reload' });
  }

  private nameOf(id: string): string {
    return this.people.find(id)?.displayName ?? TEXTS.conversation.somebody;
  }
}
