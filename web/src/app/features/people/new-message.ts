import { Component, inject, signal, viewChild } from '@angular/core';
import { Router } from '@angular/router';
import { toProblem } from '../../core/api/problem';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { PeopleSearch } from '../../core/chat/people-search';
import { Dialogs } from '../../core/layout/dialogs';
import { WritingPlace } from '../../core/layout/writing-place';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { PersonOption, PersonPicker } from '../../shared/person-picker/person-picker';
import { problemText, TEXTS } from '../../shared/texts';

/** Finds a person and opens the conversation with them. */
@Component({
  selector: 'app-new-message',
  imports: [DialogFrame, PersonPicker],
  providers: [PeopleSearch],
  template: `
    <app-dialog-frame [heading]="texts.title" (closed)="dialogs.close()">
      <app-person-picker
        [label]="texts.find"
        [placeholder]="texts.placeholder"
        [people]="search.options()"
        [loading]="search.loading()"
        [failed]="search.failed()"
        [(query)]="search.query"
        (picked)="open($event)"
      />
      @if (problem(); as sentence) {
        <p class="notice error" role="alert">{{ sentence }}</p>
      }
    </app-dialog-frame>
  `,
})
export class NewMessage {
  private readonly conversations = inject(ConversationsStore);
  private readonly router = inject(Router);
  private readonly writingPlace = inject(WritingPlace);
  protected readonly dialogs = inject(Dialogs);
  protected readonly search = inject(PeopleSearch);
  protected readonly texts = TEXTS.newMessage;
  protected readonly problem = signal('');
  private readonly frame = viewChild.required(DialogFrame);

  protected async open(person: PersonOption): Promise<void> {
    try {
      const id = await this.conversations.openDirect(person.id);
      this.frame().close();
      await this.router.navigate(['/c', id]);
      this.writingPlace.begin();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
