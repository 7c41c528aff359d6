import { Component, computed, effect, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { InvitationsApi } from '../../core/api/invitations-api';
import { Problem, toProblem } from '../../core/api/problem';
import { InvitationPreview } from '../../core/api/generated/models';
import { ServerStatus } from '../../core/auth/server-status';
import { SessionStore } from '../../core/auth/session-store';
import { AccountDetails, AccountForm } from '../../shared/account-form/account-form';
import { EntryPage } from '../../shared/entry-page/entry-page';
import { problemText, TEXTS } from '../../shared/texts';

/** Registration: by an invitation's link, or, on an open server, without one. */
@Component({
  selector: 'app-join-page',
  imports: [AccountForm, EntryPage, RouterLink],
  template: `
    @if (unusable(); as problem) {
      <app-entry-page [heading]="texts.unusable">
        <p class="hint">{{ problem.code === 'not_found' ? texts.unusableHint : sentence() }}</p>
        <p footer>
          {{ texts.haveAccount }} <a routerLink="/sign-in">{{ texts.signIn }}</a>
        </p>
      </app-entry-page>
    } @else if (ready()) {
      <app-entry-page [heading]="heading()" [lead]="lead()">
        <app-account-form
          mode="register"
          [submitLabel]="texts.submit"
          [busy]="busy()"
          [problem]="problem()"
          (submitted)="join($event)"
        />
        <p footer>
          {{ texts.haveAccount }} <a routerLink="/sign-in">{{ texts.signIn }}</a>
        </p>
      </app-entry-page>
    }
  `,
  styles: `
    .hint {
      margin-top: var(--space-2);
      color: var(--fg-1);
    }
  `,
})
export class JoinPage {
  private readonly invitations = inject(InvitationsApi);
  private readonly session = inject(SessionStore);
  private readonly server = inject(ServerStatus);
  private readonly router = inject(Router);

  /** The invitation, from the path. */
  readonly code = input<string>();

  protected readonly texts = TEXTS.join;
  protected readonly preview = signal<InvitationPreview | undefined>(undefined);
  protected readonly unusable = signal<Problem | undefined>(undefined);
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | undefined>(undefined);
  private readonly open = signal(false);

  protected readonly ready = computed(() => this.open() || this.preview() !== undefined);
  protected readonly heading = computed(() => this.texts.title(this.server.name()));
  protected readonly lead = computed(() => {
    const preview = this.preview();
    return preview ? this.texts.lead(preview.invitedBy) : this.texts.openLead;
  });
  protected readonly sentence = computed(() => {
    const problem = this.unusable();
    return problem ? problemText(problem) : '';
  });

  constructor() {
    effect(() => {
      void this.look(this.code());
    });
  }

  protected async join({ username, password, displayName }: AccountDetails): Promise<void> {
    const code = this.code();
    this.busy.set(true);
    this.problem.set(undefined);
    try {
      await this.session.register({
        username,
        password,
        displayName,
        ...(code ? { inviteCode: code } : {}),
      });
      await this.router.navigateByUrl('/', { replaceUrl: true });
    } catch (error) {
      this.problem.set(toProblem(error));
    } finally {
      this.busy.set(false);
    }
  }

  private async look(code: string | undefined): Promise<void> {
    const info = await this.server.info();
    if (!code) {
      if (info.registration === 'open') this.open.set(true);
      else await this.router.navigateByUrl('/sign-in');
      return;
    }
    try {
      this.preview.set(await this.invitations.preview(code));
    } catch (error) {
      this.unusable.set(toProblem(error));
    }
  }
}
