import { Component, computed, input, linkedSignal, model, output } from '@angular/core';
import { Icon } from '../icon/icon';
import { Avatar } from '../avatar/avatar';
import { PresenceDot } from '../presence-dot/presence-dot';
import { TEXTS } from '../texts';

export interface PersonOption {
  id: string;
  displayName: string;
  username: string;
  state?: 'active' | 'away' | 'doNotDisturb' | 'offline';
}

let count = 0;

/** A search field with the people found below it: arrows choose, Enter or a press picks. */
@Component({
  selector: 'app-person-picker',
  imports: [Avatar, Icon, PresenceDot],
  templateUrl: './person-picker.html',
  styleUrl: './person-picker.scss',
})
export class PersonPicker {
  readonly label = input.required<string>();
  readonly placeholder = input('');
  readonly people = input.required<readonly PersonOption[]>();
  readonly loading = input(false);
  readonly failed = input(false);
  readonly query = model('');
  readonly picked = output<PersonOption>();

  protected readonly texts = TEXTS.picker;
  protected readonly id = `people-${String(++count)}`;
  protected readonly active = linkedSignal({ source: this.people, computation: () => 0 });
  protected readonly activeId = computed(() =>
    this.people().length > 0 ? `${this.id}-${String(this.active())}` : null,
  );

  protected search(event: Event): void {
    this.query.set((event.target as HTMLInputElement).value);
  }

  protected keydown(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const people = this.people();
    const person = people[this.active()];
    if (event.key === 'ArrowDown') this.move(1);
    else if (event.key === 'ArrowUp') this.move(-1);
    else if (event.key === 'Enter' && person) this.picked.emit(person);
    else return;
    event.preventDefault();
  }

  private move(step: number): void {
    const length = this.people().length;
    if (length === 0) return;
    this.active.update((index) => (index + step + length) % length);
    const option = document.getElementById(`${this.id}-${String(this.active())}`);
    option?.scrollIntoView({ block: 'nearest' });
  }
}
