import { Component, computed, effect, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { GroupsApi } from '../../core/api/groups-api';
import { Problem, toProblem } from '../../core/api/problem';
import { GroupInvitationPreview } from '../../core/api/generated/models';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { EntryPage } from '../../shared/entry-page/entry-page';
import { problemText, TEXTS } from '../../shared/texts';

/** Where a link into a group leads: says which group it is, and lets its reader in. */
@Component({
  selector: 'app-group-invitation-page',
  imports: [EntryPage, RouterLink],
  template: `
    @if (preview(); as preview) {
      <app-entry-page [heading]="texts.title(preview.conversation.name)" [lead]="lead()">
        <button type="button" class="button primary wide" (click)="join()">
          {{ texts.join }}
        </button>
        @if (problem()) {
          <p class="notice error" role="alert">{{ sentence() }}</p>
        }
        <a footer routerLink="/">{{ texts.back }}</a>
      </app-entry-page>
    } @else if (problem(); as problem) {
      <app-entry-page [heading]="texts.unusable">
        <p class="hint">{{ problem.code === 'not_found' ? texts.unusableHint : sentence() }}</p>
        <a footer routerLink="/">{{ texts.back }}</a>
      </app-entry-page>
    }
  `,
  styles: `
    .button {
      margin-top: var(--space-6);
    }
    .notice,
    .hint {
      margin-top: var(--space-2);
    }
    .hint {
      color: var(--fg-1);
    }
  `,
})
export class GroupInvitationPage {
  private readonly groups = inject(GroupsApi);
  private readonly conversations = inject(ConversationsStore);
  private readonly router = inject(Router);

  /** The invitation, from the path. */
  readonly code = input.required<string>();

  protected readonly texts = TEXTS.groupInvitation;
  protected readonly preview = signal<GroupInvitationPreview | undefined>(undefined);
  protected readonly problem = signal<Problem | undefined>(undefined);
  protected readonly lead = computed(() => {
    const preview = this.preview();
    if (!preview) return '';
    const members = TEXTS.conversation.members(preview.conversation.memberCount);
    return this.texts.lead(preview.invitedBy, members);
  });
  protected readonly sentence = computed(() => {
    const problem = this.problem();
    return problem ? problemText(problem) : '';
  });

  constructor() {
    effect(() => {
      void this.look(this.code());
    });
  }

  protected async join(): Promise<void> {
    this.problem.set(undefined);
    try {
      const id = this.conversations.put(await this.groups.acceptInvitation(this.code()));
      await this.router.navigate(['/c', id], { replaceUrl: true });
    } catch (error) {
      this.problem.set(toProblem(error));
    }
  }

  private async look(code: string): Promise<void> {
    try {
      this.preview.set(await this.groups.previewInvitation(code));
    } catch (error) {
      this.problem.set(toProblem(error));
    }
  }
}
