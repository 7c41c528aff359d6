import { Component, computed, inject, input, signal } from '@angular/core';
import { toProblem } from '../../core/api/problem';
import {
  ChangePreferencesRequest,
  ConversationSummary,
  NotificationLevel,
} from '../../core/api/generated/models';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { Clock } from '../../core/layout/clock';
import { ChatHub } from '../../core/realtime/chat-hub';
import { problemText, TEXTS } from '../../shared/texts';
import { fullTime } from '../../shared/times';

const MUTE_HOURS = 8;

/** What of a conversation may disturb its reader. */
@Component({
  selector: 'app-muting',
  template: `
    <label for="notification-level">{{ texts.notifications }}</label>
    <div class="row">
      <select id="notification-level" class="input" (change)="chooseLevel($event)">
        @for (level of levels; track level) {
          <option [value]="level" [selected]="level === conversation().level">
            {{ texts.levels[level] }}
          </option>
        }
      </select>
      <button type="button" class="button" (click)="toggle()">
        {{ until() ? texts.unmute : texts.mute }}
      </button>
    </div>
    <p role="status">{{ until() }}</p>
    @if (problem(); as sentence) {
      <p class="notice error" role="alert">{{ sentence }}</p>
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: var(--space-1);
    }
    label {
      font-size: var(--text-small);
      font-weight: var(--weight-medium);
    }
    .row {
      display: flex;
      gap: var(--space-2);
    }
    p:not(.notice) {
      color: var(--fg-1);
      font-size: var(--text-small);
    }
    p:empty {
      display: none;
    }
  `,
})
export class Muting {
  private readonly hub = inject(ChatHub);
  private readonly conversations = inject(ConversationsStore);
  private readonly clock = inject(Clock);
  readonly conversation = input.required<ConversationSummary>();

  protected readonly texts = TEXTS.members;
  protected readonly levels: readonly NotificationLevel[] = ['all', 'mentions', 'none'];
  protected readonly problem = signal('');
  /** Says until when it is muted, if it is. */
  protected readonly until = computed(() => {
    const { mutedUntil } = this.conversation();
    const until = mutedUntil ? new Date(mutedUntil) : undefined;
    return until && until > this.clock.now() ? this.texts.mutedUntil(fullTime(until)) : '';
  });

  protected chooseLevel(event: Event): void {
    const level = (event.target as HTMLSelectElement).value as NotificationLevel;
    void this.change({ level });
  }

  protected toggle(): void {
    const until = new Date(Date.now() + MUTE_HOURS * 3_600_000).toISOString();
    void this.change({ mutedUntil: this.until() ? null : until });
  }

  private async change(preferences: ChangePreferencesRequest): Promise<void> {
    const { id } = this.conversation();
    this.problem.set('');
    try {
      this.conversations.applyState(id, await this.hub.setPreferences(id, preferences));
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
