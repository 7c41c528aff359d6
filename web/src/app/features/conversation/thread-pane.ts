import {
  afterNextRender,
  afterRenderEffect,
  Component,
  computed,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { toProblem } from '../../core/api/problem';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { Outbox } from '../../core/chat/outbox';
import { PeopleStore } from '../../core/chat/people-store';
import { ThreadsStore } from '../../core/chat/threads-store';
import { Attention } from '../../core/layout/attention';
import { RealtimeConnection } from '../../core/realtime/realtime-connection';
import { problemText, TEXTS } from '../../shared/texts';
import { Composer } from './composer';
import { MessageActions } from './message-actions';
import { MessageMenu } from './message-menu';
import { MessageRowView } from './message-row';
import { ScrollKeeper } from './scroll-keeper';
import { pointOut } from './timeline';
import { rowKeyOf, threadRows } from './timeline-rows';

/** The thread of a message, beside its conversation: the message, the replies, and a box to answer in. */
@Component({
  selector: 'app-thread-pane',
  imports: [Composer, Icon, MessageMenu, MessageRowView],
  templateUrl: './thread-pane.html',
  styleUrl: './thread-pane.scss',
  // What is answered or edited here is nobody's business in the conversation.
  providers: [MessageActions],
  host: {
    role: 'complementary',
    '[attr.aria-label]': 'texts.thread',
    '(keydown.escape)': 'escape($event)',
  },
})
export class ThreadPane {
  private readonly messages = inject(MessagesStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly outbox = inject(Outbox);
  private readonly people = inject(PeopleStore);
  private readonly session = inject(SessionStore);
  private readonly threads = inject(ThreadsStore);
  private readonly attention = inject(Attention);
  private readonly connection = inject(RealtimeConnection);
  protected readonly actions = inject(MessageActions);

  readonly conversationId = input.required<string>();
  readonly rootId = input.required<string>();
  /** The reply to point out. */
  readonly seq = input<number>();

  protected readonly texts = TEXTS.message;
  protected readonly newText = TEXTS.conversation.unreadDivider;
  protected readonly problem = signal('');
  protected readonly connected = computed(() => this.connection.status() === 'connected');
  protected readonly root = computed(() =>
    this.messages.find(this.conversationId(), this.rootId()),
  );
  protected readonly authorName = computed(() => {
    const root = this.root();
    const user = root && this.people.find(root.senderId);
    return user?.displayName ?? TEXTS.conversation.somebody;
  });
  protected readonly mayReply = computed(() => {
    const root = this.root();
    return root !== undefined && this.actions.permissions(root).thread;
  });
  private readonly replies = computed(() =>
    this.messages.threadOf(this.conversationId(), this.rootId()),
  );
  protected readonly rootRow = computed(() => {
    const root = this.root();
    return root && threadRows([root], [], '')[0];
  });
  protected readonly rows = computed(() => {
    const rootId = this.rootId();
    const outgoing = this.outbox
      .entriesOf(this.conversationId())
      .filter((entry) => entry.threadOf === rootId);
    const rows = threadRows(this.replies(), outgoing, this.session.user()?.id ?? '');
    const readUpTo = this.readUpTo();
    const firstNew = rows.find(
      ({ message, senderId }) =>
        readUpTo !== undefined &&
        message !== undefined &&
        message.seq > readUpTo &&
        senderId !== this.session.user()?.id,
    );
    return rows.map((row) => ({ ...row, isFirstNew: row === firstNew }));
  });
  protected readonly countText = computed(() =>
    this.texts.replies(this.root()?.thread?.replyCount ?? this.replies().length),
  );
  protected readonly hasEarlier = signal(false);
  protected readonly following = computed(
    () => this.threads.find(this.rootId())?.following ?? false,
  );
  /** Frozen at opening, like the divider of the conversation. */
  private readonly readUpTo = signal<number | undefined>(undefined);
  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>('scroller');
  private readonly content = viewChild.required<ElementRef<HTMLElement>>('content');
  private keeper?: ScrollKeeper;
  private readonly loaded = signal(false);
  private pointedOut?: number;
  /** How many replies there were when they were last asked for. */
  private askedFor?: number;

  constructor() {
    effect(() => {
      this.actions.conversationId = this.conversationId();
      const rootId = this.rootId();
      // Also after everything was forgotten, because of a long absence.
      const root = this.root();
      const replyCount = root?.thread?.replyCount ?? 0;
      const known = this.replies().filter(({ deletedAt }) => !deletedAt).length;
      untracked(() => {
        const isWhole = root !== undefined && (known >= replyCount || this.hasEarlier());
        if (this.askedFor === replyCount && (isWhole || this.loaded())) return;
        this.askedFor = replyCount;
        void this.load(rootId);
      });
    });
    afterNextRender(() => {
      const state = this.threads.find(this.rootId());
      if (state && state.unreadCount > 0) this.readUpTo.set(state.lastReadSeq);
      this.begin();
    });
    afterRenderEffect(() => {
      this.rows();
      const seq = this.seq();
      untracked(() => {
        this.keeper?.settle();
        if (seq !== undefined && this.loaded()) this.show(seq);
      });
    });
    afterRenderEffect(() => {
      const last = this.replies().at(-1)?.seq;
      if (!this.attention.attentive() || !this.loaded() || last === undefined) return;
      untracked(() => this.threads.seen(this.conversationId(), this.rootId(), last));
    });
  }

  protected loadEarlier(): Promise<void> {
    return this.attempt(async () => {
      const first = this.replies()[0]?.seq;
      const page = await this.messages.loadThread(this.conversationId(), this.rootId(), first);
      this.hasEarlier.set(page.hasBefore);
    });
  }

  protected toggleFollowing(): Promise<void> {
    return this.attempt(() =>
      this.threads.follow(this.conversationId(), this.rootId(), !this.following()),
    );
  }

  protected showInConversation(): void {
    const root = this.root();
    if (root) this.actions.openMessage(root.seq);
  }

  protected close(): void {
    this.actions.closeThread();
  }

  protected escape(event: Event): void {
    if (this.actions.mode() || event.defaultPrevented) return;
    event.preventDefault();
    this.close();
  }

  protected sent(): void {
    this.readUpTo.set(undefined);
    this.keeper?.toEnd();
  }

  private async load(rootId: string): Promise<void> {
    const id = this.conversationId();
    await this.attempt(async () => {
      const [page] = await Promise.all([
        this.messages.loadThread(id, rootId),
        this.messages.find(id, rootId) ? undefined : this.messages.loadMessage(id, rootId),
      ]);
      this.hasEarlier.set(page.hasBefore);
      this.loaded.set(true);
    });
  }

  private begin(): void {
    const scroller = this.scroller().nativeElement;
    const keeper = new ScrollKeeper(
      scroller,
      () => true,
      () => undefined,
    );
    this.keeper = keeper;
    const sizes = new ResizeObserver(() => {
      keeper.settle();
    });
    sizes.observe(scroller);
    sizes.observe(this.content().nativeElement);
    const remember = () => {
      keeper.remember();
    };
    scroller.addEventListener('scroll', remember, { passive: true });
    this.destroyed.onDestroy(() => {
      sizes.disconnect();
      scroller.removeEventListener('scroll', remember);
    });
  }

  private show(seq: number): void {
    const message = this.replies().find((reply) => reply.seq === seq);
    if (!message || this.pointedOut === seq) return;
    this.pointedOut = seq;
    const row = this.keeper?.toRow(rowKeyOf(message));
    if (row) pointOut(row);
  }

  private readonly destroyed = inject(DestroyRef);

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.problem.set('');
    try {
      await action();
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }
}
