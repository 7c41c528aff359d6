import { Component, computed, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Problem, toProblem } from '../../core/api/problem';
import { ServerInfo } from '../../core/api/generated/models';
import { ServerStatus } from '../../core/auth/server-status';
import { SessionStore } from '../../core/auth/session-store';
import { AccountDetails, AccountForm } from '../../shared/account-form/account-form';
import { EntryPage } from '../../shared/entry-page/entry-page';
import { TEXTS } from '../../shared/texts';

@Component({
  selector: 'app-sign-in-page',
  imports: [AccountForm, EntryPage, RouterLink],
  template: `
    <app-entry-page [heading]="heading()">
      @if (session.status() === 'ended') {
        <p class="notice warn" role="status">{{ texts.ended }}</p>
      }
      <app-account-form
        mode="signIn"
        [submitLabel]="texts.submit"
        [initialUsername]="session.user()?.username ?? ''"
        [busy]="busy()"
        [problem]="problem()"
        (submitted)="signIn($event)"
      />
      <p footer>
        @if (info()?.registration === 'open') {
          {{ texts.open }} <a routerLink="/join">{{ texts.openLink }}</a>
        } @else if (info()?.registration === 'invitation') {
          {{ texts.byInvitation }}
        }
      </p>
    </app-entry-page>
  `,
  styles: `
    .notice {
      margin-top: var(--space-4);
    }
  `,
})
export class SignInPage {
  protected readonly session = inject(SessionStore);
  private readonly server = inject(ServerStatus);
  private readonly router = inject(Router);

  /** Where the person wanted to go, from the query. */
  readonly back = input<string>();

  protected readonly texts = TEXTS.signIn;
  protected readonly heading = computed(() => this.texts.title(this.server.name()));
  protected readonly info = signal<ServerInfo | undefined>(undefined);
  protected readonly busy = signal(false);
  protected readonly problem = signal<Problem | undefined>(undefined);

  constructor() {
    void this.server.info().then((info) => {
      this.info.set(info);
    });
  }

  protected async signIn({ username, password }: AccountDetails): Promise<void> {
    this.busy.set(true);
    this.problem.set(undefined);
    try {
      await this.session.signIn({ username, password });
      const back = this.back();
      // Only a path of this page: an address from elsewhere must not be gone to.
      await this.router.navigateByUrl(back?.startsWith('/') ? back : '/', { replaceUrl: true });
    } catch (error) {
      this.problem.set(toProblem(error));
    } finally {
      this.busy.set(false);
    }
  }
}
