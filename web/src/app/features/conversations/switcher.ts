import {
  Component,
  computed,
  ElementRef,
  inject,
  linkedSignal,
  signal,
  viewChild,
} from '@angular/core';
import { Router } from '@angular/router';
import { toProblem } from '../../core/api/problem';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { PeopleStore } from '../../core/chat/people-store';
import { Clock } from '../../core/layout/clock';
import { Dialogs } from '../../core/layout/dialogs';
import { WritingPlace } from '../../core/layout/writing-place';
import { Avatar } from '../../shared/avatar/avatar';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { problemText, TEXTS } from '../../shared/texts';
import { Destination, destinations, matching } from './destinations';

/** Goes to a conversation or a person by a few letters of the name, from what is known here already. */
@Component({
  selector: 'app-switcher',
  imports: [Avatar, DialogFrame],
  template: `
    <app-dialog-frame [heading]="texts.title" (closed)="dialogs.close()">
      <input
        #box
        class="input"
        type="search"
        role="combobox"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls="switcher-list"
        autocomplete="off"
        data-first-focus
        [attr.aria-activedescendant]="found().length > 0 ? 'switch-' + active() : null"
        [attr.aria-label]="texts.label"
        [placeholder]="texts.label"
        (input)="query.set(box.value)"
        (keydown)="keydown($event)"
      />
      <div class="list" id="switcher-list" role="listbox" [attr.aria-label]="texts.title">
        @for (place of found(); track place.key; let index = $index) {
          <button
            type="button"
            tabindex="-1"
            role="option"
            [id]="'switch-' + index"
            [attr.aria-selected]="index === active()"
            (mousedown)="$event.preventDefault()"
            (click)="open(place)"
          >
            <app-avatar [name]="place.name" [seed]="place.seed" [kind]="place.sign" [size]="28" />
            <bdi>{{ place.name }}</bdi>
            @if (place.hint) {
              <span class="hint">{{ place.hint }}</span>
            }
            @if (place.unread) {
              <span class="badge">{{ place.unread }}</span>
            }
          </button>
        }
      </div>
      @if (found().length === 0) {
        <p role="status">{{ texts.none(query()) }}</p>
      }
      @if (problem(); as sentence) {
        <p class="notice error" role="alert">{{ sentence }}</p>
      }
    </app-dialog-frame>
  `,
  styles: `
    .list {
      display: grid;
      gap: 2px;
    }
    .list button {
      display: flex;
      align-items: center;
      gap: var(--space-3);
      min-height: 40px;
      padding: 0 var(--space-2);
      border-radius: var(--radius-1);
      text-align: start;
    }
    button[aria-selected='true'] {
      background: var(--accent-soft);
    }
    bdi {
      min-width: 0;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .hint {
      color: var(--fg-1);
      font-size: var(--text-meta);
    }
    .badge {
      margin-inline-start: auto;
      padding: 0 6px;
      border-radius: var(--radius-full);
      background: var(--badge);
      color: var(--on-accent);
      font-size: var(--text-meta);
      font-variant-numeric: tabular-nums;
    }
  `,
})
export class Switcher {
  private readonly conversations = inject(ConversationsStore);
  private readonly people = inject(PeopleStore);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);
  private readonly writingPlace = inject(WritingPlace);
  protected readonly dialogs = inject(Dialogs);
  private readonly frame = viewChild.required(DialogFrame);

  protected readonly texts = TEXTS.switcher;
  protected readonly query = signal('');
  protected readonly problem = signal('');
  private readonly places = computed(() =>
    destinations(this.conversations.sorted(), this.people.directory(), this.clock.now()),
  );
  protected readonly found = computed(() => matching(this.places(), this.query()));
  /** The one that Enter goes to: the best again with every letter. */
  protected readonly active = linkedSignal({ source: this.found, computation: () => 0 });
  protected readonly box = viewChild.required<ElementRef<HTMLInputElement>>('box');

  protected keydown(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const count = this.found().length;
    if (step !== 0 && count > 0) this.active.update((index) => (index + step + count) % count);
    const place = this.found()[this.active()];
    if (event.key === 'Enter' && !event.isComposing && place) void this.open(place);
    else if (step === 0) return;
    event.preventDefault();
  }

  protected async open(place: Destination): Promise<void> {
    try {
      const id = place.id ?? (await this.conversations.openDirect(place.seed));
      this.frame().close();
      await this.router.navigate(['/c', id]);
      // A box that was there already, or came while the dialog kept the focus.
      this.writingPlace.begin();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
