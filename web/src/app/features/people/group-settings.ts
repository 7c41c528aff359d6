import { Component, inject, input, signal } from '@angular/core';
import { GroupsApi } from '../../core/api/groups-api';
import { toProblem } from '../../core/api/problem';
import { ConversationSummary, HistoryVisibility } from '../../core/api/generated/models';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { problemText, TEXTS } from '../../shared/texts';

/** What a group or channel is called, and what it is about. */
@Component({
  selector: 'app-group-settings',
  template: `
    <form (submit)="save($event, name.value, topic.value, history.value)">
      <label for="group-name">{{ texts.name }}</label>
      <input
        #name
        id="group-name"
        class="input"
        maxlength="80"
        required
        autocomplete="off"
        [value]="conversation().name ?? ''"
      />
      <label for="group-topic">{{ texts.topic }}</label>
      <input
        #topic
        id="group-topic"
        class="input"
        maxlength="250"
        autocomplete="off"
        [value]="conversation().topic ?? ''"
      />
      <label for="group-history">{{ texts.history }}</label>
      <select #history id="group-history" class="input">
        @for (choice of choices; track choice) {
          <option [value]="choice" [selected]="choice === conversation().history">
            {{ texts.histories[choice] }}
          </option>
        }
      </select>
      <div class="row">
        <button type="submit" class="button small">{{ texts.save }}</button>
        <span role="status">{{ news() }}</span>
      </div>
      @if (problem(); as sentence) {
        <p class="notice error" role="alert">{{ sentence }}</p>
      }
    </form>
  `,
  styles: `
    form {
      display: grid;
      gap: var(--space-1);
    }
    label {
      font-size: var(--text-small);
      font-weight: var(--weight-medium);
    }
    .row {
      display: flex;
      align-items: center;
      gap: var(--space-3);
      margin-top: var(--space-1);
      color: var(--fg-1);
      font-size: var(--text-small);
    }
  `,
})
export class GroupSettings {
  private readonly groups = inject(GroupsApi);
  private readonly conversations = inject(ConversationsStore);
  readonly conversation = input.required<ConversationSummary>();

  protected readonly texts = TEXTS.members;
  protected readonly choices: readonly HistoryVisibility[] = ['joined', 'all'];
  protected readonly news = signal('');
  protected readonly problem = signal('');

  protected async save(
    event: SubmitEvent,
    name: string,
    topic: string,
    shown: string,
  ): Promise<void> {
    event.preventDefault();
    const history: HistoryVisibility = shown === 'all' ? 'all' : 'joined';
    this.news.set('');
    this.problem.set('');
    try {
      this.conversations.put(
        await this.groups.change(this.conversation().id, { name, topic, history }),
      );
      this.news.set(this.texts.saved);
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
