import { Component, computed, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Icon } from '../../shared/icon/icon';
import { toProblem } from '../../core/api/problem';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { PeopleSearch } from '../../core/chat/people-search';
import { Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { PersonOption, PersonPicker } from '../../shared/person-picker/person-picker';
import { problemText, TEXTS } from '../../shared/texts';

/** Makes a private group or a public channel, with its first members. */
@Component({
  selector: 'app-new-group',
  imports: [DialogFrame, Icon, PersonPicker],
  providers: [PeopleSearch],
  templateUrl: './new-group.html',
  styleUrl: './new-group.scss',
})
export class NewGroup {
  private readonly conversations = inject(ConversationsStore);
  private readonly router = inject(Router);
  protected readonly dialogs = inject(Dialogs);
  protected readonly search = inject(PeopleSearch);
  protected readonly texts = TEXTS.newGroup;
  protected readonly pickerTexts = TEXTS.picker;

  protected readonly name = signal('');
  protected readonly kind = signal<'group' | 'channel'>('group');
  protected readonly chosen = signal<readonly PersonOption[]>([]);
  protected readonly busy = signal(false);
  protected readonly problem = signal('');
  protected readonly others = computed(() => {
    const chosen = new Set(this.chosen().map((person) => person.id));
    return this.search.options().filter((person) => !chosen.has(person.id));
  });

  protected add(person: PersonOption): void {
    this.chosen.update((people) => [...people, person]);
    this.search.query.set('');
  }

  protected remove(person: PersonOption): void {
    this.chosen.update((people) => people.filter(({ id }) => id !== person.id));
  }

  protected type(event: Event): void {
    this.name.set((event.target as HTMLInputElement).value);
  }

  protected async create(): Promise<void> {
    const name = this.name().trim();
    if (this.busy() || name === '') return;
    this.busy.set(true);
    this.problem.set('');
    try {
      const memberIds = this.chosen().map((person) => person.id);
      const id = await this.conversations.createGroup({ name, kind: this.kind(), memberIds });
      this.dialogs.close();
      await this.router.navigate(['/c', id]);
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    } finally {
      this.busy.set(false);
    }
  }
}
