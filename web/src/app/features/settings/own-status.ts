import { Component, computed, inject, output, signal } from '@angular/core';
import { ManualState, OwnStatus } from '../../core/api/generated/models';
import { PeopleApi } from '../../core/api/people-api';
import { Clock } from '../../core/layout/clock';
import { TEXTS } from '../../shared/texts';
import { endOf, FOR, For } from './status-end';

const STATES: readonly (ManualState | undefined)[] = [
  undefined,
  'away',
  'doNotDisturb',
  'invisible',
];
/** What most people say; another that is set already stays. */
const PICTURES = ['💬', '🏠', '📅', '🌴', '🤒', '🚆'];

/** What one says of oneself: shown as what, with which words, and for how long. */
@Component({
  selector: 'app-own-status',
  template: `
    @if (status(); as status) {
      <form (submit)="save($event)">
        <fieldset>
          <legend>{{ texts.legend }}</legend>
          <div class="pair">
            <select #picture class="input picture" [attr.aria-label]="texts.picture">
              <option value="">{{ texts.noPicture }}</option>
              @for (choice of pictures(); track choice) {
                <option [value]="choice" [selected]="choice === status.emoji">{{ choice }}</option>
              }
            </select>
            <input
              #words
              class="input"
              maxlength="100"
              dir="auto"
              autocomplete="off"
              [attr.aria-label]="texts.words"
              [placeholder]="texts.words"
              [value]="status.text ?? ''"
            />
          </div>
          <div class="pair">
            <select #state class="input" [attr.aria-label]="texts.shownAs">
              @for (choice of states; track choice) {
                <option [value]="choice ?? ''" [selected]="choice === status.state">
                  {{ choice ? texts.states[choice] : texts.automatic }}
                </option>
              }
            </select>
            <select #end class="input" [attr.aria-label]="texts.until">
              @for (choice of ends; track choice) {
                <option [value]="choice">{{ texts.for[choice] }}</option>
              }
            </select>
            <button type="submit" class="button">{{ accountTexts.save }}</button>
          </div>
          <p class="hint" role="status">{{ hint() }}</p>
        </fieldset>
      </form>
    }
  `,
  styles: `
    fieldset {
      display: grid;
      gap: var(--space-2);
      min-width: 0;
    }
    legend {
      padding: 0 0 var(--space-2);
      font-size: var(--text-small);
      font-weight: var(--weight-medium);
    }
    .pair {
      display: flex;
      gap: var(--space-2);
    }
    .pair .input {
      min-width: 0;
    }
    .pair .picture {
      flex: none;
      width: 84px;
    }
    .hint {
      color: var(--fg-2);
      font-size: var(--text-meta);
      line-height: 1rem;
    }
  `,
  host: { '(submit)': '$event.stopPropagation()' },
})
export class OwnStatusForm {
  private readonly people = inject(PeopleApi);
  private readonly clock = inject(Clock);
  readonly failed = output<unknown>();

  protected readonly texts = TEXTS.status;
  protected readonly accountTexts = TEXTS.account;
  protected readonly states = STATES;
  protected readonly ends = FOR;
  protected readonly status = signal<OwnStatus | undefined>(undefined);
  private readonly saved = signal(false);
  protected readonly pictures = computed(() => {
    const own = this.status()?.emoji;
    return own && !PICTURES.includes(own) ? [own, ...PICTURES] : PICTURES;
  });
  protected readonly hint = computed(() => {
    const until = this.status()?.until;
    if (until) return this.texts.ends(new Date(until), this.clock.now());
    return this.saved() ? this.accountTexts.saved : this.texts.hint;
  });

  constructor() {
    this.people.status().then(
      (status) => {
        this.status.set(status);
      },
      (error: unknown) => {
        this.failed.emit(error);
      },
    );
  }

  protected async save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const [picture, state, end] = [...form.querySelectorAll('select')].map(({ value }) => value);
    const words = form.querySelector('input')?.value.trim();
    try {
      const status = await this.people.setStatus({
        emoji: picture || null,
        text: words || null,
        state: STATES.find((choice) => choice === state) ?? null,
        until: endOf(end as For, this.clock.now())?.toISOString() ?? null,
      });
      this.status.set(status);
      this.saved.set(true);
    } catch (error) {
      this.failed.emit(error);
    }
  }
}
