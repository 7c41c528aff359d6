import {
  afterNextRender,
  afterRenderEffect,
  Component,
  computed,
  DestroyRef,
  ElementRef,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { ReplyReference } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { conversationName } from '../../core/chat/conversation-name';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { MessagesStore } from '../../core/chat/messages-store';
import { Outbox } from '../../core/chat/outbox';
import { ReadMarkers } from '../../core/chat/read-markers';
import { Attention } from '../../core/layout/attention';
import { Clock } from '../../core/layout/clock';
import { RealtimeConnection } from '../../core/realtime/realtime-connection';
import { TEXTS } from '../../shared/texts';
import { dayName } from '../../shared/times';
import { Announcer } from './announcer';
import { Beginning } from './beginning';
import { MessageActions } from './message-actions';
import { MessageMenu } from './message-menu';
import { MessageRowView } from './message-row';
import { NoteRowView } from './note-row';
import { ScrollKeeper } from './scroll-keeper';
import { Thread } from './thread';
import { countAfter, rowKeyOf, timelineRows } from './timeline-rows';

/** Older messages are fetched when less than this many screens of them are left. */
const PREFETCH_SCREENS = 1.5;

/** The messages of one conversation, the newest at the bottom. */
@Component({
  selector: 'app-timeline',
  imports: [Announcer, Beginning, Icon, MessageMenu, MessageRowView, NoteRowView, Thread],
  templateUrl: './timeline.html',
  styleUrl: './timeline.scss',
})
export class Timeline {
  private readonly messages = inject(MessagesStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly outbox = inject(Outbox);
  private readonly session = inject(SessionStore);
  private readonly readMarkers = inject(ReadMarkers);
  private readonly attention = inject(Attention);
  private readonly clock = inject(Clock);
  private readonly connection = inject(RealtimeConnection);
  protected readonly actions = inject(MessageActions);

  readonly conversationId = input.required<string>();
  /** What had been read when the conversation was opened; nothing if all had. */
  readonly readUpTo = input<number>();

  protected readonly texts = TEXTS.conversation;
  protected readonly state = computed(() => this.messages.messagesOf(this.conversationId()));
  protected readonly connected = computed(() => this.connection.status() === 'connected');
  protected readonly ownId = computed(() => this.session.user()?.id ?? '');
  protected readonly conversation = computed(() => this.conversations.find(this.conversationId()));
  protected readonly name = computed(() => {
    const conversation = this.conversation();
    return conversation ? conversationName(conversation) : '';
  });
  protected readonly known = computed(() => this.state().log?.messages ?? []);
  private readonly lastSeq = computed(() => this.known().at(-1)?.seq ?? 0);
  private readonly rows = computed(() => {
    const readUpTo = this.readUpTo();
    return timelineRows({
      messages: this.known(),
      outgoing: this.outbox.entriesOf(this.conversationId()),
      ownId: this.ownId(),
      ...(readUpTo === undefined ? {} : { readUpTo }),
    });
  });
  /** The rows, days with their names. */
  protected readonly lines = computed(() => {
    const now = this.clock.now();
    return this.rows().map((row) => {
      if (row.kind !== 'day') return row;
      return { ...row, name: dayName(row.at, now, this.texts.today, this.texts.yesterday) };
    });
  });

  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>('scroller');
  private readonly content = viewChild.required<ElementRef<HTMLElement>>('content');
  private keeper?: ScrollKeeper;
  private placed = false;

  protected readonly atEnd = signal(true);
  protected readonly farFromEnd = signal(false);
  private readonly leftEndAt = signal(0);
  /** Messages by others since the reader left the end. */
  protected readonly newCount = computed(() =>
    this.atEnd() ? 0 : countAfter(this.known(), this.leftEndAt(), this.ownId()),
  );
  protected readonly jumpText = computed(() =>
    this.newCount() > 0 ? this.texts.jumpNew(this.newCount()) : this.texts.jump,
  );

  constructor() {
    const destroyed = inject(DestroyRef);
    afterNextRender(() => {
      const scroller = this.scroller().nativeElement;
      const keeper = new ScrollKeeper(scroller, () => {
        this.scrolled(keeper);
      });
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
      destroyed.onDestroy(() => {
        sizes.disconnect();
        scroller.removeEventListener('scroll', remember);
      });
    });

    afterRenderEffect(() => {
      const rows = this.rows();
      untracked(() => {
        if (rows.length > 0) this.place();
      });
    });

    afterRenderEffect(() => {
      const seq = this.lastSeq();
      const seen = this.atEnd() && this.attention.attentive() && seq > 0;
      if (seen) untracked(() => this.readMarkers.seen(this.conversationId(), seq));
    });
  }

  protected jump(): void {
    this.keeper?.toEnd();
  }

  /** Leads to a message that is quoted, if it is loaded. */
  protected jumpTo({ messageId, seq }: ReplyReference): void {
    const message = this.messages.find(this.conversationId(), messageId, seq);
    const row = message && this.keeper?.toRow(rowKeyOf(message));
    if (!row) return;
    row.focus({ preventScroll: true });
    row.classList.remove('found');
    // Read, so that the animation begins anew.
    void row.offsetWidth;
    row.classList.add('found');
  }

  /** Arrow keys walk through the messages; Enter opens the menu of one. */
  protected walk(event: KeyboardEvent): void {
    const list = event.currentTarget as HTMLElement;
    const focused = event.target as HTMLElement;
    const isRow = focused.matches('app-message-row');
    if (event.key === 'Enter' && isRow) {
      event.preventDefault();
      focused.querySelector<HTMLElement>('.more')?.click();
      return;
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || event.altKey || (!isRow && focused !== list)) return;
    const rows = [...list.querySelectorAll<HTMLElement>('app-message-row')];
    const next = isRow ? rows.indexOf(focused) + step : rows.length - 1;
    rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
    event.preventDefault();
  }

  /** Own messages are always followed. */
  follow(): void {
    this.keeper?.toEnd();
  }

  protected loadOlder(): void {
    void this.messages.loadOlder(this.conversationId());
  }

  protected reload(): void {
    void this.messages.open(this.conversationId(), 0);
  }

  /** The first rows are placed at what is new, or at the end; later ones leave the view where it is. */
  private place(): void {
    const keeper = this.keeper;
    if (!keeper) return;
    if (this.placed) {
      keeper.settle();
      return;
    }
    this.placed = true;
    if (!keeper.toRow('unread')) keeper.toEnd();
  }

  private scrolled(keeper: ScrollKeeper): void {
    if (this.atEnd() && !keeper.atEnd) this.leftEndAt.set(this.lastSeq());
    this.atEnd.set(keeper.atEnd);
    this.farFromEnd.set(keeper.screensFromEnd > 1);
    const { log, loadingOlder, olderProblem } = this.state();
    if (!this.placed || !log?.hasBefore || loadingOlder || olderProblem) return;
    if (keeper.screensFromStart < PREFETCH_SCREENS) this.loadOlder();
  }
}
