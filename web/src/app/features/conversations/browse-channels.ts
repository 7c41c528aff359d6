import { Component, computed, inject, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Icon } from '../../shared/icon/icon';
import { ConversationsApi } from '../../core/api/conversations-api';
import { toProblem } from '../../core/api/problem';
import { ConversationSummary } from '../../core/api/generated/models';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { problemText, TEXTS } from '../../shared/texts';

/** The channels of this server that anyone may join. */
@Component({
  selector: 'app-browse-channels',
  imports: [DialogFrame, Icon],
  templateUrl: './browse-channels.html',
  styleUrl: './browse-channels.scss',
})
export class BrowseChannels {
  private readonly api = inject(ConversationsApi);
  private readonly conversations = inject(ConversationsStore);
  private readonly router = inject(Router);
  protected readonly dialogs = inject(Dialogs);
  protected readonly texts = TEXTS.browse;

  protected readonly loaded = signal<readonly ConversationSummary[] | undefined>(undefined);
  protected readonly query = signal('');
  protected readonly problem = signal('');
  protected readonly rows = computed(() => {
    const query = this.query().trim().toLocaleLowerCase();
    return (this.loaded() ?? [])
      .map((channel) => ({
        id: channel.id,
        name: channel.name ?? '',
        topic: channel.topic,
        members: TEXTS.conversation.members(channel.memberCount),
        joined: channel.joined,
      }))
      .filter((row) => row.name.toLocaleLowerCase().includes(query));
  });

  constructor() {
    void this.attempt(async () => {
      this.loaded.set(await this.api.channels());
    });
  }

  protected go(id: string, joined: boolean): Promise<void> {
    return this.attempt(async () => {
      if (!joined) await this.conversations.join(id);
      this.dialogs.close();
      await this.router.navigate(['/c', id]);
    });
  }

  protected search(event: Event): void {
    this.query.set((event.target as HTMLInputElement).value);
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.problem.set('');
    try {
      await action();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
