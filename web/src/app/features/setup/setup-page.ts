import { Component, inject, signal } from '@angular/core';
import { ActivatedRoute, Router } from '@angular/router';
import { Problem, toProblem } from '../../core/api/problem';
import { ServerStatus } from '../../core/auth/server-status';
import { SessionStore } from '../../core/auth/session-store';
import { AccountDetails, AccountForm } from '../../shared/account-form/account-form';
import { EntryPage } from '../../shared/entry-page/entry-page';
import { TEXTS } from '../../shared/texts';

/** The first visit to a new server: whoever has the printed code becomes its owner. */
@Component({
  selector: 'app-setup-page',
  imports: [AccountForm, EntryPage],
  template: `
    <app-entry-page [heading]="texts.title" [lead]="texts.lead">
      <app-account-form
        mode="setup"
        [submitLabel]="texts.submit"
        [initialCode]="code"
        [busy]="busy()"
        [problem]="problem()"
        (submitted)="create($event)"
      />
    </app-entry-page>
  `,
})
export class SetupPage {
  private readonly session = inject(SessionStore);
  private readonly server = inject(ServerStatus);
  private readonly router = inject(Router);

  protected readonly texts = TEXTS.setup;
  /** From `/setup#code=...`: a fragment never reaches the server or its logs. */
  protected readonly code =
    new URLSearchParams(inject(ActivatedRoute).snapshot.fragment ?? '').get('code') ?? '';
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | undefined>(undefined);

  protected async create(details: AccountDetails): Promise<void> {
    const { code, username, password, displayName } = details;
    this.busy.set(true);
    this.problem.set(undefined);
    try {
      await this.session.register({ username, password, displayName, setupCode: code });
      this.server.forget();
      await this.router.navigateByUrl('/', { replaceUrl: true });
    } catch (error) {
      this.problem.set(toProblem(error));
    } finally {
      this.busy.set(false);
    }
  }
}
