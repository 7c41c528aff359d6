import {
  afterNextRender,
  afterRenderEffect,
  Component,
  computed,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  Injector,
  input,
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { ReplyReference } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { conversationName } from '../../core/chat/conversation-name';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { rangesOf } from '../../core/chat/message-ranges';
import { MessagesStore } from '../../core/chat/messages-store';
import { Outbox } from '../../core/chat/outbox';
import { PeopleStore } from '../../core/chat/people-store';
import { ReceiptsStore } from '../../core/chat/receipts-store';
import { ReadMarkers } from '../../core/chat/read-markers';
import { Attention } from '../../core/layout/attention';
import { Clock } from '../../core/layout/clock';
import { RealtimeConnection } from '../../core/realtime/realtime-connection';
import { TEXTS } from '../../shared/texts';
import { clockTime, dayName } from '../../shared/times';
import { Announcer } from './announcer';
import { Beginning } from './beginning';
import { MessageActions } from './message-actions';
import { MessageMenu } from './message-menu';
import { MessageRowView, Reader } from './message-row';
import { NoteRowView } from './note-row';
import { ScrollKeeper } from './scroll-keeper';
import { countAfter, GapRow, rowKeyOf, timelineRows } from './timeline-rows';
import { wantedNear, windowAround, windowSize } from './timeline-window';

/** The window moves on when less than this many views of it are left on a side. */
const MARGIN_SCREENS = 0.4;

/** What was missed is caught up with first. */
const RECEIPTS_AFTER_MS = 1_000;

/**
 * The messages of one conversation, the newest at the bottom. However many are loaded, the document holds those around
 * the reader alone.
 */
@Component({
  selector: 'app-timeline',
  imports: [Announcer, Beginning, Icon, MessageMenu, MessageRowView, NoteRowView],
  templateUrl: './timeline.html',
  styleUrl: './timeline.scss',
})
export class Timeline {
  private readonly messages = inject(MessagesStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly outbox = inject(Outbox);
  private readonly session = inject(SessionStore);
  private readonly readMarkers = inject(ReadMarkers);
  private readonly receipts = inject(ReceiptsStore);
  private readonly people = inject(PeopleStore);
  private readonly attention = inject(Attention);
  private readonly clock = inject(Clock);
  private readonly connection = inject(RealtimeConnection);
  protected readonly actions = inject(MessageActions);

  readonly conversationId = input.required<string>();
  /** What had been read when the conversation was opened; nothing if all had. */
  readonly readUpTo = input<number>();
  /** How many messages were unread then. */
  readonly unreadCount = input(0);
  /** Whether what is to be shown first is loaded, or cannot be. */
  readonly ready = input(true);
  /** Nobody needs to know any more what was unread. */
  readonly read = output();

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
  private readonly ranges = computed(() => {
    const { log, earlier } = this.state();
    return log && this.ready() ? rangesOf({ log, earlier }) : [];
  });
  protected readonly rows = computed(() => {
    const readUpTo = this.readUpTo();
    return timelineRows({
      ranges: this.ranges(),
      outgoing: this.ready() ? this.outbox.entriesOf(this.conversationId()) : [],
      ownId: this.ownId(),
      ...(readUpTo === undefined ? {} : { readUpTo }),
    });
  });
  protected readonly none: readonly Reader[] = [];
  /** The last own message that everybody may see, and who has read that far. */
  protected readonly seen = computed(() => {
    const own = this.known().findLast(
      ({ senderId, system, threadOf, deletedAt }) =>
        senderId === this.ownId() && !system && !threadOf && !deletedAt,
    );
    if (!own) return { key: '', readers: this.none };
    const readers = this.receipts
      .readersOf(this.conversationId(), own.seq)
      .filter((id) => id !== this.ownId())
      .map((id) => ({ id, name: this.people.find(id)?.displayName ?? this.texts.somebody }));
    return { key: rowKeyOf(own), readers };
  });
  private readonly indices = computed(
    () => new Map(this.rows().map(({ key }, index) => [key, index] as const)),
  );

  /** The row that the window is centred on; none while it ends with the last row. */
  private readonly centre = signal<string | undefined>(undefined);
  /** Where that row was last found, should it go away. */
  private centreIndex = 0;
  private readonly viewHeight = signal(0);
  private readonly span = computed(() => {
    const key = this.centre();
    const size = windowSize(this.viewHeight());
    if (key === undefined) return windowAround(this.rows().length, size);
    this.centreIndex = this.indices().get(key) ?? this.centreIndex;
    return windowAround(this.rows().length, size, this.centreIndex);
  });
  protected readonly hasStart = computed(() => this.span().from === 0);
  private readonly hasEnd = computed(() => this.span().to === this.rows().length);
  /** The rows in the window, days with their names. */
  protected readonly lines = computed(() => {
    const now = this.clock.now();
    const { from, to } = this.span();
    return this.rows()
      .slice(from, to)
      .map((row) => {
        if (row.kind === 'gap') return { ...row, failed: this.hasFailed(row) };
        if (row.kind !== 'day') return row;
        return { ...row, name: dayName(row.at, now, this.texts.today, this.texts.yesterday) };
      });
  });
  private readonly first = computed(() => this.ranges()[0]);
  protected readonly hasBefore = computed(() => this.first()?.hasBefore ?? false);
  /** How the page before the oldest message stands. */
  protected readonly older = computed(() => {
    const seq = this.first()?.messages[0]?.seq;
    return seq === undefined ? undefined : this.state().edges.get(`before ${seq}`);
  });

  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>('scroller');
  private readonly content = viewChild.required<ElementRef<HTMLElement>>('content');
  private readonly injector = inject(Injector);
  private keeper?: ScrollKeeper;
  private focusWithin = false;
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
  /** Whether what was unread begins above what is seen. */
  private readonly unreadAbove = signal(false);
  protected readonly unreadText = computed(() => {
    const index = this.indices().get('unread');
    const count = this.unreadCount();
    if (index === undefined || count === 0 || !this.unreadAbove()) return '';
    const first = this.rows()[index + 1];
    return this.texts.unreadSince(count, first && 'at' in first ? clockTime(first.at) : '');
  });

  constructor() {
    const destroyed = inject(DestroyRef);
    afterNextRender(() => {
      const scroller = this.scroller().nativeElement;
      const keeper = new ScrollKeeper(
        scroller,
        () => this.hasEnd(),
        () => {
          this.scrolled(keeper);
        },
      );
      this.keeper = keeper;
      const measure = () => {
        this.viewHeight.set(scroller.clientHeight);
        keeper.settle();
      };
      const sizes = new ResizeObserver(measure);
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
      const lines = this.lines();
      untracked(() => {
        if (lines.length > 0) this.place();
      });
    });

    const isMember = computed(() => this.conversation()?.joined === true);
    effect((onCleanup) => {
      if (!this.connected() || !isMember()) return;
      const id = this.conversationId();
      // Receipts that came while the connection was away are asked for, once it is known that one still belongs here.
      const timer = setTimeout(() => {
        this.receipts.open(id).catch(() => undefined);
      }, RECEIPTS_AFTER_MS);
      onCleanup(() => {
        clearTimeout(timer);
      });
    });

    afterRenderEffect(() => {
      const seq = this.lastSeq();
      const seen = this.atEnd() && this.attention.attentive() && seq > 0;
      if (seen) untracked(() => this.readMarkers.seen(this.conversationId(), seq));
    });
  }

  /** To the newest message, which is always loaded. Own messages are always followed. */
  protected jump(): void {
    this.centre.set(undefined);
    this.afterwards(() => this.keeper?.toEnd());
  }

  follow(): void {
    this.jump();
  }

  protected jumpToUnread(): void {
    this.bring('unread');
  }

  protected jumpTo({ seq }: ReplyReference): void {
    void this.show(seq);
  }

  /** Brings a message into view, wherever it stands, and points it out; false if it cannot be seen. */
  async show(seq: number): Promise<boolean> {
    const id = this.conversationId();
    if (!(await this.messages.loadAround(id, seq).catch(() => false))) return false;
    const message = this.messages.at(id, seq);
    if (!message) return false;
    if (message.threadOf) {
      this.actions.openThread(message.threadOf, seq);
      return true;
    }
    this.placed = true;
    // What was kept on this device is there before it has been laid out.
    await new Promise<void>((resolve) => {
      this.afterwards(resolve);
    });
    this.bring(rowKeyOf(message), pointOut);
    return true;
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
    if (!isRow && focused !== list) return;
    if (event.key === 'End' || event.key === 'Home') {
      event.preventDefault();
      if (event.key === 'End') this.jump();
      else this.bring(this.rows()[0]?.key ?? '');
      return;
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || event.altKey) return;
    const rows = [...list.querySelectorAll<HTMLElement>('app-message-row')];
    const next = isRow ? rows.indexOf(focused) + step : this.lastSeen(list, rows);
    rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
    event.preventDefault();
  }

  protected loadOlder(): void {
    const seq = this.first()?.messages[0]?.seq;
    if (seq !== undefined) void this.messages.loadBefore(this.conversationId(), seq);
  }

  protected fill({ before }: GapRow): void {
    void this.messages.loadBefore(this.conversationId(), before);
  }

  protected reload(): void {
    void this.messages.open(this.conversationId());
  }

  /** The first rows are placed at what is new, or at the end; later ones leave the view where it is. */
  private place(): void {
    const keeper = this.keeper;
    if (!keeper) return;
    if (this.placed) {
      keeper.settle();
      this.keepFocus();
      return;
    }
    this.placed = true;
    if (this.indices().has('unread')) this.bring('unread');
    else keeper.toEnd();
  }

  /** Moves the window to a row, if it must, and the view with it. */
  private bring(key: string, found?: (row: HTMLElement) => void): void {
    if (!this.indices().has(key)) return;
    this.keeper?.hold();
    this.centre.set(key);
    this.afterwards(() => {
      const row = this.keeper?.toRow(key);
      if (row) found?.(row);
    });
  }

  private afterwards(action: () => void): void {
    afterNextRender(action, { injector: this.injector });
  }

  private scrolled(keeper: ScrollKeeper): void {
    if (this.atEnd() && !keeper.atEnd) this.leftEndAt.set(this.lastSeq());
    this.atEnd.set(keeper.atEnd);
    this.farFromEnd.set(!this.hasEnd() || keeper.screensBelow > 1);
    if (!this.placed) return;
    const { from } = this.span();
    const unread = this.indices().get('unread');
    this.unreadAbove.set(
      unread !== undefined && (unread < from || (keeper.isAbove('unread') ?? false)),
    );
    const anchor = keeper.anchorKey;
    const index = anchor === undefined ? undefined : this.indices().get(anchor);
    if (index === undefined) return;
    this.moveWindow(keeper, anchor);
    this.prefetch(index);
  }

  /** Leaves enough rows on either side of what is seen. */
  private moveWindow(keeper: ScrollKeeper, anchor: string | undefined): void {
    if (keeper.atEnd) {
      this.centre.set(undefined);
      return;
    }
    const needsAbove = !this.hasStart() && keeper.screensAbove < MARGIN_SCREENS;
    const needsBelow = !this.hasEnd() && keeper.screensBelow < MARGIN_SCREENS;
    // Left to itself, a window at the end would lose its first rows with every message that comes.
    const leftEnd = this.centre() === undefined;
    if (needsAbove || needsBelow || leftEnd) this.centre.set(anchor);
  }

  private prefetch(index: number): void {
    const first = this.first();
    const oldest = first?.hasBefore ? first.messages[0]?.seq : undefined;
    const { before, after } = wantedNear(this.rows(), index, oldest);
    const id = this.conversationId();
    const { edges } = this.state();
    if (before !== undefined && !edges.has(`before ${before}`)) {
      void this.messages.loadBefore(id, before);
    }
    if (after !== undefined && !edges.has(`after ${after}`)) {
      void this.messages.loadAfter(id, after);
    }
  }

  private hasFailed({ before, after }: GapRow): boolean {
    const { edges } = this.state();
    const states = [edges.get(`before ${before}`), edges.get(`after ${after}`)];
    return states.some((state) => state !== undefined && state !== 'loading');
  }

  /** The last row that is seen whole: where a walk through the messages begins. */
  private lastSeen(list: HTMLElement, rows: readonly HTMLElement[]): number {
    const end = list.getBoundingClientRect().bottom;
    return rows.findLastIndex((row) => row.getBoundingClientRect().bottom <= end + 1);
  }

  /** The row that had the focus has left the document: the list has it now. */
  private keepFocus(): void {
    const scroller = this.scroller().nativeElement;
    if (this.focusWithin && document.activeElement === document.body) {
      scroller.focus({ preventScroll: true });
    }
    this.focusWithin = scroller.contains(document.activeElement);
  }
}

/** Gives a row the focus and lights it up for a moment. */
export function pointOut(row: HTMLElement): void {
  row.focus({ preventScroll: true });
  row.classList.remove('found');
  // Read, so that the animation begins anew.
  void row.offsetWidth;
  row.classList.add('found');
}
