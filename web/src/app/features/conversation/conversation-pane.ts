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
import { ThreadPane } from './thread-pane';
import { Timeline } from './timeline';
import { TypingLine } from './typing-line';

/** One open conversation. */
@Component({
  selector: 'app-conversation-pane',
  imports: [Composer, ConversationHeader, RouterLink, ThreadPane, Timeline, TypingLine],
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
  /** The message to show, in the thread if one is open. */
  readonly seq = input<number>();
  /** The message whose thread is open. */
  readonly thread = input<string>();

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
  /** How much was unread at opening. */
  protected readonly unreadCount = signal(0);
  /** Whether what is to be shown first is there. */
  protected readonly ready = signal(false);
  /** What the address points at is not there, or not for the reader. */
  protected readonly lostPlace = signal(false);

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
        if (conversation) void this.open(conversation);
        else if (loaded && !this.conversations.wasLost(this.conversationId())) void this.look();
      });
    });
    effect(() => {
      this.actions.conversationId = this.conversationId();
    });
    effect(() => {
      const seq = this.seq();
      const timeline = this.timeline();
      if (!this.ready() || !timeline) return;
      untracked(() => {
        this.lostPlace.set(false);
        if (seq !== undefined && !this.thread()) void this.show(timeline, seq);
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
    this.markRead();
    this.timeline()?.follow();
  }

  /** The divider has done its work. */
  protected markRead(): void {
    this.readUpTo.set(undefined);
    this.readMarkers.release();
  }

  private async open({
    id,
    unreadCount,
    unreadFrom,
    ...summary
  }: ConversationSummary): Promise<void> {
    if (this.opened) return;
    this.opened = true;
    this.readMarkers.release();
    const { lastReadSeq, lastSeq } = summary;
    const readUpTo = unreadFrom === undefined ? lastReadSeq : unreadFrom - 1;
    if (unreadCount > 0) {
      this.readUpTo.set(readUpTo);
      this.unreadCount.set(unreadCount);
    }
    const unread = unreadCount > 0 ? { unread: lastSeq - readUpTo, at: readUpTo + 1 } : {};
    await this.messages.open(id, unread);
    this.ready.set(true);
  }

  private async show(timeline: Timeline, seq: number): Promise<void> {
    const isShown = await timeline.show(seq);
    if (!isShown && this.seq() === seq) this.lostPlace.set(true);
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
