import {
  afterNextRender,
  Component,
  computed,
  ElementRef,
  inject,
  Injector,
  signal,
  viewChild,
} from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { IconName } from '../../shared/icon/icons';
import { Message } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { TEXTS } from '../../shared/texts';
import { MessageActions } from './message-actions';

/** Which message's menu is asked for, and the button that it hangs on. */
export interface MenuRequest {
  message: Message;
  anchor: HTMLElement;
}

interface MenuItem {
  icon: IconName;
  label: string;
  danger?: boolean;
  run: () => void;
  /** Stays open, for a second question. */
  stays?: boolean;
}

/** A few that say most of what is said; the rest is for a picker. */
const QUICK_EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '🙏'];
const MARGIN_PX = 8;

/** What can be done with a message. One for all messages, in the top layer; the browser closes it and gives the focus back. */
@Component({
  selector: 'app-message-menu',
  imports: [Icon],
  templateUrl: './message-menu.html',
  styleUrl: './message-menu.scss',
  // Where its button is then is anybody's guess.
  host: { '(window:resize)': 'close()' },
})
export class MessageMenu {
  private readonly session = inject(SessionStore);
  private readonly actions = inject(MessageActions);
  private readonly injector = inject(Injector);
  private readonly panel = viewChild.required<ElementRef<HTMLElement>>('panel');

  protected readonly texts = TEXTS.message;
  protected readonly emoji = QUICK_EMOJI;
  protected readonly message = signal<Message | undefined>(undefined);
  protected readonly mayReact = computed(() => {
    const message = this.message();
    return message !== undefined && this.actions.permissions(message).react;
  });
  private readonly sure = signal(false);

  protected readonly items = computed<MenuItem[]>(() => {
    const message = this.message();
    return message ? this.itemsFor(message) : [];
  });

  open({ message, anchor }: MenuRequest): void {
    this.sure.set(false);
    this.message.set(message);
    afterNextRender(() => this.show(anchor), { injector: this.injector });
  }

  protected react(emoji: string): void {
    const message = this.message();
    this.close();
    if (message) this.actions.toggleReaction(message, emoji);
  }

  protected choose(item: MenuItem): void {
    if (!item.stays) this.close();
    item.run();
  }

  protected toggled(event: Event): void {
    if ((event as ToggleEvent).newState === 'closed') this.message.set(undefined);
  }

  protected walk(event: KeyboardEvent): void {
    const choices = [...this.panel().nativeElement.querySelectorAll<HTMLElement>('button')];
    const index = choices.indexOf(document.activeElement as HTMLElement);
    const next = nextIndex(event.key, index, choices.length);
    if (next === undefined) return;
    event.preventDefault();
    choices[next]?.focus();
  }

  private itemsFor(message: Message): MenuItem[] {
    const may = this.actions.permissions(message);
    const { texts, actions } = this;
    const isOwn = message.senderId === this.session.user()?.id;
    const deletes = () => void actions.delete(message);
    // One's own deletion can be taken back; anybody else's is asked about.
    const deletion: MenuItem =
      isOwn || this.sure()
        ? {
            icon: 'delete',
            label: isOwn ? texts.delete : texts.deleteSure,
            danger: true,
            run: deletes,
          }
        : {
            icon: 'delete',
            label: texts.delete,
            danger: true,
            stays: true,
            run: () => this.sure.set(true),
          };
    const choices: [boolean, MenuItem][] = [
      [
        may.reply,
        { icon: 'reply', label: texts.reply, run: () => actions.begin('reply', message) },
      ],
      [
        may.thread,
        {
          icon: 'thread',
          label: texts.replyInThread,
          run: () => actions.openThread(message.messageId),
        },
      ],
      [may.edit, { icon: 'edit', label: texts.edit, run: () => actions.begin('edit', message) }],
      [
        may.pin,
        {
          icon: message.pinnedAt ? 'unpin' : 'pin',
          label: message.pinnedAt ? texts.unpin : texts.pin,
          run: () => actions.togglePin(message),
        },
      ],
      [true, { icon: 'link', label: texts.copyLink, run: () => void actions.copyLink(message) }],
      [true, { icon: 'copy', label: texts.copyText, run: () => void actions.copyText(message) }],
      [
        may.markUnread,
        { icon: 'markUnread', label: texts.markUnread, run: () => actions.markUnread(message) },
      ],
      [may.delete, deletion],
    ];
    return choices.filter(([isAllowed]) => isAllowed).map(([, item]) => item);
  }

  protected close(): void {
    this.panel().nativeElement.hidePopover();
  }

  /** Below its button, or above where there is no room. */
  private show(anchor: HTMLElement): void {
    const panel = this.panel().nativeElement;
    panel.showPopover();
    const { top, bottom, right } = anchor.getBoundingClientRect();
    const { offsetHeight, offsetWidth } = panel;
    const fitsBelow = bottom + offsetHeight + MARGIN_PX <= innerHeight;
    const y = fitsBelow ? bottom : Math.max(MARGIN_PX, top - offsetHeight);
    const x = Math.min(
      innerWidth - offsetWidth - MARGIN_PX,
      Math.max(MARGIN_PX, right - offsetWidth),
    );
    panel.style.top = `${String(y)}px`;
    panel.style.left = `${String(x)}px`;
    panel.querySelector('button')?.focus();
  }
}

function nextIndex(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
    case 'ArrowRight':
      return (index + 1) % count;
    case 'ArrowUp':
    case 'ArrowLeft':
      return (index - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
