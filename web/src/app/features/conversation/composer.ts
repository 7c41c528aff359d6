import {
  afterNextRender,
  Component,
  computed,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  input,
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { IconName } from '../../shared/icon/icons';
import { SessionStore } from '../../core/auth/session-store';
import { Drafts } from '../../core/chat/drafts';
import { MessagesStore } from '../../core/chat/messages-store';
import { Outbox, OutgoingPlace } from '../../core/chat/outbox';
import { PeopleStore } from '../../core/chat/people-store';
import { TypingSender } from '../../core/chat/typing-sender';
import { WritingPlace } from '../../core/layout/writing-place';
import { ChatHub } from '../../core/realtime/chat-hub';
import { EmojiNames } from '../../shared/emoji/emoji';
import { excerpt, TEXTS } from '../../shared/texts';
import { Completions } from './completions/completions';
import { completed, Trigger, triggerAt, withEmoji } from './completions/trigger';
import { ComposerMode, MessageActions } from './message-actions';
import { charactersLeft, MESSAGE_LIMIT } from './message-length';

const DRAFT_PAUSE_MS = 300;
/** The counter appears when fewer characters than this are left. */
const COUNTER_FROM = 1_000;

const ICONS_OF: Readonly<Record<ComposerMode['kind'], IconName>> = {
  reply: 'reply',
  edit: 'edit',
};

let count = 0;

/** The box that messages are written in. One belongs to one conversation for all its life. */
@Component({
  selector: 'app-composer',
  imports: [Completions, Icon],
  templateUrl: './composer.html',
  styleUrl: './composer.scss',
})
export class Composer {
  private readonly drafts = inject(Drafts);
  private readonly outbox = inject(Outbox);
  private readonly hub = inject(ChatHub);
  private readonly messages = inject(MessagesStore);
  private readonly people = inject(PeopleStore);
  private readonly session = inject(SessionStore);
  private readonly actions = inject(MessageActions);
  private readonly writingPlace = inject(WritingPlace);
  private readonly emoji = inject(EmojiNames);

  readonly conversationId = input.required<string>();
  readonly name = input.required<string>();
  /** The message whose thread this writes into. */
  readonly threadOf = input<string>();
  readonly sent = output();

  protected readonly counterId = `composer-counter-${String(++count)}`;
  protected readonly texts = TEXTS.conversation;
  protected readonly messageTexts = TEXTS.message;
  protected readonly isEditing = computed(() => this.actions.mode()?.kind === 'edit');
  /** What is being written, if not simply the next message. */
  protected readonly mode = computed(() => {
    const mode = this.actions.mode();
    return mode && { icon: ICONS_OF[mode.kind], text: this.describe(mode) };
  });
  protected readonly label = computed(() =>
    this.threadOf() ? this.messageTexts.replyTo(this.name()) : this.texts.messageTo(this.name()),
  );
  protected readonly text = signal('');
  private readonly area = viewChild.required<ElementRef<HTMLTextAreaElement>>('area');
  protected readonly completions = viewChild.required(Completions);
  /** What ends at the caret and could be completed. */
  protected readonly trigger = signal<Trigger | undefined>(undefined, { equal: sameTrigger });
  private typing?: TypingSender;
  private readonly opened = signal(false);
  /** What was begun before the text of another message took its place. */
  private laidAside?: string;
  /** The mode that the text belongs to. */
  private entered?: ComposerMode;
  private pause?: ReturnType<typeof setTimeout>;
  /** On touch screens Enter is the only way to a new line. */
  private readonly enterSends = this.writingPlace.isAtHand;
  private leave?: () => void;

  private readonly left = computed(() => charactersLeft(this.text()));
  protected readonly over = computed(() => this.left() < 0);
  protected readonly counter = computed(() => {
    const left = this.left();
    if (left >= COUNTER_FROM) return '';
    return left < 0 ? this.texts.charactersOver(-left) : this.texts.charactersLeft(left);
  });
  protected readonly sendable = computed(() => this.text().trim() !== '' && !this.over());
  protected readonly limit = MESSAGE_LIMIT;

  constructor() {
    afterNextRender(() => {
      const id = this.conversationId();
      // Who writes in a thread is not typing in the conversation.
      if (!this.threadOf()) {
        this.typing = new TypingSender(this.hub, id);
        this.drafts.open(id);
        this.leave = this.writingPlace.open(() => {
          this.focus();
        });
      }
      this.put(this.drafts.of(this.draftKey()));
      this.opened.set(true);
      if (this.writingPlace.isAtHand) this.focus();
    });
    effect(() => {
      const mode = this.actions.mode();
      if (this.opened()) untracked(() => this.enter(mode));
    });
    effect(() => {
      const entry = this.actions.takenBack();
      if (entry) untracked(() => this.takeBack(entry.body));
    });
    inject(DestroyRef).onDestroy(() => {
      this.keepDraft();
      if (!this.threadOf()) this.drafts.close(this.conversationId());
      this.typing?.stop();
      this.leave?.();
    });
  }

  protected input(): void {
    const text = this.area().nativeElement.value;
    this.text.set(text);
    this.resize();
    this.look();
    if (!this.isEditing()) this.typing?.changed(text);
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.keepDraft();
    }, DRAFT_PAUSE_MS);
  }

  /** What could be completed depends on where the caret is. */
  protected look(): void {
    const { value, selectionStart, selectionEnd } = this.area().nativeElement;
    this.trigger.set(selectionStart === selectionEnd ? triggerAt(value, selectionEnd) : undefined);
  }

  protected complete(replacement: string): void {
    const trigger = this.trigger();
    if (!trigger) return;
    const area = this.area().nativeElement;
    const { text, caret } = completed(area.value, area.selectionEnd, trigger, replacement);
    area.value = text;
    area.focus({ preventScroll: true });
    area.setSelectionRange(caret, caret);
    this.input();
  }

  protected keydown(event: KeyboardEvent): void {
    // 229 is how some browsers mark a key that belongs to an input method.
    const composing = event.isComposing || event.keyCode === 229;
    if (!composing && this.completions().keydown(event)) return;
    if (event.key === 'Escape' && this.actions.mode()) this.cancel();
    if (event.key === 'ArrowUp' && this.text() === '') this.editLast(event);
    if (event.key !== 'Enter' || event.shiftKey || composing || !this.enterSends) return;
    event.preventDefault();
    this.send();
  }

  protected blur(): void {
    this.trigger.set(undefined);
    this.typing?.stop();
  }

  protected send(): void {
    if (!this.sendable()) return;
    const body = withEmoji(this.text().trim(), (name) => this.emoji.find(name));
    const mode = this.actions.mode();
    if (mode?.kind === 'edit') {
      void this.save(mode, body);
      return;
    }
    this.outbox.send(this.conversationId(), body, this.placeOf(mode));
    this.typing?.silence();
    this.put('');
    this.keepDraft();
    this.focus();
    if (mode) this.actions.endMode();
    this.sent.emit();
  }

  protected cancel(): void {
    this.actions.endMode();
    this.focus();
  }

  /** The text stays until the server has it. */
  private async save(mode: ComposerMode, body: string): Promise<void> {
    const isSaved = body === mode.message.body || (await this.actions.saveEdit(mode.message, body));
    if (isSaved && this.actions.mode() === mode) this.cancel();
  }

  private editLast(event: KeyboardEvent): void {
    const ownId = this.session.user()?.id;
    const last = this.messages
      .messagesOf(this.conversationId())
      .log?.messages.filter(
        ({ senderId, system, deletedAt, threadOf }) =>
          senderId === ownId && !system && !deletedAt && threadOf === this.threadOf(),
      )
      .at(-1);
    if (!last || this.actions.mode()) return;
    event.preventDefault();
    this.actions.begin('edit', last);
    // At once: the next key may come before any effect runs, and belongs into this text already.
    this.enter(this.actions.mode());
  }

  private enter(mode: ComposerMode | undefined): void {
    if (mode === this.entered) return;
    this.entered = mode;
    if (mode?.kind === 'edit') {
      this.laidAside ??= this.text();
      this.put(mode.message.body);
    } else if (this.laidAside !== undefined) {
      this.put(this.laidAside);
      this.laidAside = undefined;
    }
    if (mode) this.focus();
  }

  /** Before what is being written. */
  private takeBack(body: string): void {
    this.put([body, this.text()].filter(Boolean).join('\n'));
    this.keepDraft();
    this.focus();
  }

  private describe({ kind, message }: ComposerMode): string {
    if (kind === 'edit') return this.messageTexts.editing;
    const name = this.people.find(message.senderId)?.displayName ?? this.texts.somebody;
    const text = excerpt(message.body);
    return this.messageTexts.replyingTo(name, text);
  }

  private placeOf(mode: ComposerMode | undefined): OutgoingPlace {
    const threadOf = this.threadOf();
    if (!mode) return threadOf ? { threadOf } : {};
    const { messageId, seq, senderId } = mode.message;
    return { replyTo: { messageId, seq, senderId }, ...(threadOf ? { threadOf } : {}) };
  }

  private draftKey(): string {
    const threadOf = this.threadOf();
    return threadOf ? `${this.conversationId()}/${threadOf}` : this.conversationId();
  }

  private focus(): void {
    const area = this.area().nativeElement;
    area.focus({ preventScroll: true });
    // Chromium may give the focus and leave the caret in a dialog that is closing, and what is typed goes nowhere.
    area.setSelectionRange(area.value.length, area.value.length);
  }

  private put(text: string): void {
    this.area().nativeElement.value = text;
    this.text.set(text);
    this.trigger.set(undefined);
    this.resize();
  }

  private keepDraft(): void {
    clearTimeout(this.pause);
    this.drafts.set(this.draftKey(), this.laidAside ?? this.text());
  }

  /** As tall as its text; the style sheet says how tall at most. */
  private resize(): void {
    const area = this.area().nativeElement;
    area.style.height = 'auto';
    area.style.height = `${String(area.scrollHeight)}px`;
  }
}

function sameTrigger(one: Trigger | undefined, other: Trigger | undefined): boolean {
  return one?.kind === other?.kind && one?.query === other?.query && one?.from === other?.from;
}
