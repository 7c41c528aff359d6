import {
  Component,
  effect,
  ElementRef,
  input,
  linkedSignal,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { Icon } from '../icon/icon';
import { problemText, TEXTS } from '../texts';

export interface AccountDetails {
  code: string;
  username: string;
  password: string;
  displayName: string;
}

/** Which field a refusal speaks of. */
const FIELD_OF: Readonly<Record<string, string>> = {
  invalid_setup_code: 'code',
  invalid_username: 'username',
  username_taken: 'username',
  invalid_password: 'password',
  invalid_display_name: 'displayName',
};

/** The fields that signing in and every kind of registration share. */
@Component({
  selector: 'app-account-form',
  imports: [Icon],
  templateUrl: './account-form.html',
  styleUrl: './account-form.scss',
})
export class AccountForm {
  /** `signIn` asks only for what is known already. */
  readonly mode = input.required<'signIn' | 'register' | 'setup'>();
  readonly submitLabel = input.required<string>();
  readonly busy = input(false);
  readonly problem = input<{ code: string; detail?: string }>();
  readonly initialCode = input('');
  readonly initialUsername = input('');
  readonly submitted = output<AccountDetails>();

  protected readonly texts = TEXTS.entry;
  protected readonly setupTexts = TEXTS.setup;
  protected readonly code = linkedSignal(() => this.initialCode());
  protected readonly username = linkedSignal(() => this.initialUsername());
  protected readonly password = signal('');
  protected readonly displayName = signal('');
  protected readonly visible = signal(false);

  private readonly form = viewChild.required<ElementRef<HTMLFormElement>>('form');

  /** The refusal and the field it belongs to; without one, it stands above the button. */
  protected readonly error = linkedSignal(() => {
    const problem = this.problem();
    return problem && { field: FIELD_OF[problem.code] ?? '', text: problemText(problem) };
  });

  constructor() {
    effect(() => {
      const field = this.error()?.field;
      if (!field) return;
      this.form().nativeElement.querySelector<HTMLInputElement>(`[name="${field}"]`)?.focus();
    });
  }

  protected submit(event: SubmitEvent): void {
    event.preventDefault();
    if (this.busy()) return;
    this.submitted.emit({
      code: this.code().trim(),
      username: this.username().trim(),
      password: this.password(),
      displayName: this.displayName().trim(),
    });
  }

  protected textOf(event: Event): string {
    return (event.target as HTMLInputElement).value;
  }
}
