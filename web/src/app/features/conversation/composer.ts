import {
  afterNextRender,
  Component,
  computed,
  DestroyRef,
  ElementRef,
  inject,
  input,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { Drafts } from '../../core/chat/drafts';
import { Outbox } from '../../core/chat/outbox';
import { TypingSender } from '../../core/chat/typing-sender';
import { ChatHub } from '../../core/realtime/chat-hub';
import { TEXTS } from '../../shared/texts';
import { charactersLeft, MESSAGE_LIMIT } from './message-length';

const DRAFT_PAUSE_MS = 300;
/** The counter appears when fewer characters than this are left. */
const COUNTER_FROM = 1_000;

/** The box that messages are written in. One belongs to one conversation for all its life. */
@Component({
  selector: 'app-composer',
  imports: [Icon],
  templateUrl: './composer.html',
  styleUrl: './composer.scss',
})
export class Composer {
  private readonly drafts = inject(Drafts);
  private readonly outbox = inject(Outbox);
  private readonly hub = inject(ChatHub);

  readonly conversationId = input.required<string>();
  readonly name = input.required<string>();
  readonly sent = output();

  protected readonly texts = TEXTS.conversation;
  protected readonly text = signal('');
  private readonly area = viewChild.required<ElementRef<HTMLTextAreaElement>>('area');
  private typing?: TypingSender;
  private pause?: ReturnType<typeof setTimeout>;
  /** On touch screens Enter is the only way to a new line. */
  private readonly enterSends = !matchMedia('(hover: none) and (pointer: coarse)').matches;

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
      this.typing = new TypingSender(this.hub, id);
      this.drafts.open(id);
      this.put(this.drafts.of(id));
      // Where a keyboard would not push the messages away, writing can begin at once.
      if (this.enterSends) this.area().nativeElement.focus({ preventScroll: true });
    });
    inject(DestroyRef).onDestroy(() => {
      this.keepDraft();
      this.drafts.close(this.conversationId());
      this.typing?.stop();
    });
  }

  protected input(): void {
    const text = this.area().nativeElement.value;
    this.text.set(text);
    this.resize();
    this.typing?.changed(text);
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      this.keepDraft();
    }, DRAFT_PAUSE_MS);
  }

  protected keydown(event: KeyboardEvent): void {
    // 229 is how some browsers mark a key that belongs to an input method.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || composing || !this.enterSends) return;
    event.preventDefault();
    this.send();
  }

  protected blur(): void {
    this.typing?.stop();
  }

  protected send(): void {
    if (!this.sendable()) return;
    this.outbox.send(this.conversationId(), this.text().trim());
    this.typing?.silence();
    this.put('');
    this.keepDraft();
    this.area().nativeElement.focus({ preventScroll: true });
    this.sent.emit();
  }

  private put(text: string): void {
    this.area().nativeElement.value = text;
    this.text.set(text);
    this.resize();
  }

  private keepDraft(): void {
    clearTimeout(this.pause);
    this.drafts.set(this.conversationId(), this.text());
  }

  /** As tall as its text; the style sheet says how tall at most. */
  private resize(): void {
    const area = this.area().nativeElement;
    area.style.height = 'auto';
    area.style.height = `${String(area.scrollHeight)}px`;
  }
}
