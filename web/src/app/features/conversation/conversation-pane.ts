import {
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { RouterLink } from '@angular/router';
import { ConversationSummary } from '../../core/api/generated/models';
import { toProblem } from '../../core/api/problem';
import { conversationName } from '../../core/chat/conversation-name';
import { ConversationsStore, NOT_JOINED } from '../../core/chat/conversations-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { PresenceStore } from '../../core/chat/presence-store';
import { ReadMarkers } from '../../core/chat/read-markers';
import { problemText, TEXTS } from '../../shared/texts';
import { Composer } from './composer';
import { ConversationHeader } from './conversation-header';
import { MessageActions } from './message-actions';
import { Timeline } from './timeline';
import { TypingLine } from './typing-line';

/** One open conversation. */
@Component({
  selector: 'app-conversation-pane',
  imports: [Composer, ConversationHeader, RouterLink, Timeline, TypingLine],
  templateUrl: './conversation-pane.html',
  styleUrl: './conversation-pane.scss',
  providers: [MessageActions],
})
export class ConversationPane {
  private readonly conversations = inject(ConversationsStore);
  private readonly messages = inject(MessagesStore);
  private readonly readMarkers = inject(ReadMarkers);
  protected readonly actions = inject(MessageActions);

  readonly conversationId = input.required<string>();

  protected readonly texts = TEXTS.conversation;
  protected readonly conversation = computed(() => this.conversations.find(this.conversationId()));
  protected readonly name = computed(() => {
    const conversation = this.conversation();
    return conversation ? conversationName(conversation) : '';
  });
  /** Known not to be there, and why. */
  protected readonly missing = computed(() => {
    if (this.conversation()) return undefined;
    if (this.conversations.wasLost(this.conversationId())) return 'gone';
    return this.conversations.loaded() ? this.absence() : undefined;
  });
  protected readonly joinProblem = signal('');
  /** Frozen at opening: the divider must not move while one reads. Whoever answers has read. */
  protected readonly readUpTo = signal<number | undefined>(undefined);
  private readonly absence = signal<'unknown' | 'outside' | undefined>(undefined);
  private readonly timeline = viewChild(Timeline);
  private opened = false;

  constructor() {
    inject(PresenceStore).show(
      computed(() => {
        const peer = this.conversation()?.peer;
        return peer ? [peer.id] : [];
      }),
    );
    effect(() => {
      const conversation = this.conversation();
      const loaded = this.conversations.loaded();
      untracked(() => {
        if (conversation) this.open(conversation);
        else if (loaded && !this.conversations.wasLost(this.conversationId())) void this.look();
      });
    });
    inject(DestroyRef).onDestroy(() => {
      this.messages.close(this.conversationId());
    });
  }

  protected async join(): Promise<void> {
    try {
      await this.conversations.join(this.conversationId());
    } catch (error) {
      this.joinProblem.set(problemText(toProblem(error)));
    }
  }

  protected sent(): void {
    this.readUpTo.set(undefined);
    this.readMarkers.release();
    this.timeline()?.follow();
  }

  private open({ id, unreadCount, unreadFrom, ...summary }: ConversationSummary): void {
    if (this.opened) return;
    this.opened = true;
    this.readMarkers.release();
    const { lastReadSeq, lastSeq } = summary;
    const readUpTo = unreadFrom === undefined ? lastReadSeq : unreadFrom - 1;
    if (unreadCount > 0) this.readUpTo.set(readUpTo);
    void this.messages.open(id, unreadCount > 0 ? lastSeq - readUpTo : 0);
  }

  /** Not in the list: perhaps it is newer than that. */
  private async look(): Promise<void> {
    const problem = await this.conversations.refresh(this.conversationId());
    if (problem?.code === NOT_JOINED) this.absence.set('outside');
    else if (problem?.code === 'not_found' || problem?.code === 'invalid_request') {
      this.absence.set('unknown');
    }
  }
}
