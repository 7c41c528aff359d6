import { Component, computed, ElementRef, inject, signal, viewChild } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { InvitationsApi } from '../../core/api/invitations-api';
import { Problem, toProblem } from '../../core/api/problem';
import { CreatedInvitation } from '../../core/api/generated/models';
import { Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { problemText, TEXTS } from '../../shared/texts';
import { fullTime } from '../../shared/times';

/** Makes a link with which people can create an account. */
@Component({
  selector: 'app-invite-people',
  imports: [DialogFrame, Icon],
  templateUrl: './invite-people.html',
  styleUrl: './invite-people.scss',
})
export class InvitePeople {
  private readonly invitations = inject(InvitationsApi);
  protected readonly dialogs = inject(Dialogs);

  protected readonly texts = TEXTS.invite;
  protected readonly useChoices = [1, 10, 50].map((count) => ({
    count,
    label: count === 1 ? this.texts.one : this.texts.some(count),
  }));
  protected readonly expiryChoices = [
    { hours: 24, label: this.texts.day },
    { hours: 168, label: this.texts.week },
    { hours: 720, label: this.texts.month },
  ];
  protected readonly maxUses = signal(1);
  protected readonly expiresInHours = signal(168);
  protected readonly busy = signal(false);
  protected readonly copied = signal(false);
  protected readonly invitation = signal<CreatedInvitation | undefined>(undefined);
  protected readonly problem = signal<Problem | undefined>(undefined);
  private readonly field = viewChild<ElementRef<HTMLInputElement>>('link');

  protected readonly address = computed(() => {
    const invitation = this.invitation();
    return invitation ? new URL(invitation.path, location.origin).href : '';
  });
  protected readonly validity = computed(() => {
    const invitation = this.invitation();
    return invitation ? this.texts.validUntil(fullTime(new Date(invitation.expiresAt))) : '';
  });
  protected readonly sentence = computed(() => {
    const problem = this.problem();
    return problem ? problemText(problem) : '';
  });

  protected async create(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy()) return;
    this.busy.set(true);
    this.problem.set(undefined);
    try {
      const request = { expiresInHours: this.expiresInHours(), maxUses: this.maxUses() };
      this.invitation.set(await this.invitations.create(request));
      this.copied.set(false);
    } catch (error) {
      this.problem.set(toProblem(error));
    } finally {
      this.busy.set(false);
    }
  }

  protected async copy(): Promise<void> {
    this.field()?.nativeElement.select();
    // The clipboard exists only on secure pages; elsewhere the selection can still be copied the old way.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard) await clipboard.writeText(this.address());
    else document.execCommand('copy');
    this.copied.set(true);
  }

  protected numberOf(event: Event): number {
    return Number((event.target as HTMLSelectElement).value);
  }
}
