import { Component, computed, inject } from '@angular/core';
import { conversationName } from '../../core/chat/conversation-name';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { DIALOG_DATA, DialogData, Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { Muting } from './muting';

/** What of a conversation with one person may disturb. */
@Component({
  selector: 'app-direct-settings',
  imports: [DialogFrame, Muting],
  template: `
    @if (conversation(); as conversation) {
      <app-dialog-frame [heading]="name()" (closed)="dialogs.close()">
        <app-muting [conversation]="conversation" />
      </app-dialog-frame>
    }
  `,
})
export class DirectSettings {
  private readonly conversations = inject(ConversationsStore);
  protected readonly dialogs = inject(Dialogs);
  private readonly id = (inject(DIALOG_DATA) as DialogData['directSettings']).conversationId;
  protected readonly conversation = computed(() => this.conversations.find(this.id));
  protected readonly name = computed(() => {
    const conversation = this.conversation();
    return conversation ? conversationName(conversation) : '';
  });
}
