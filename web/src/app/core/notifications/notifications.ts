import { computed, effect, inject, Service, signal, untracked } from '@angular/core';
import { excerpt, TEXTS } from '../../shared/texts';
import { Message } from '../api/generated/models';
import { PeopleApi } from '../api/people-api';
import { SessionStore } from '../auth/session-store';
import { conversationName } from '../chat/conversation-name';
import { ConversationsStore } from '../chat/conversations-store';
import { PeopleStore } from '../chat/people-store';
import { Leadership } from '../realtime/leadership';
import { isDisturbing } from './notification-rules';
import { Notices } from './notices';

/** Cleared by signing out. */
const KEY = 'hubbub.notifications';
/** Whoever has the conversation open, on any device, has read the message by then. */
const PATIENCE_MS = 2_500;

/**
 * Tells about new messages through the system, if the person has asked for it on this device: one notification for
 * each conversation, by one tab, withdrawn when the messages are read anywhere.
 */
@Service()
export class Notifications {
  private readonly session = inject(SessionStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly api = inject(PeopleApi);
  private readonly people = inject(PeopleStore);
  private readonly leadership = inject(Leadership);
  private readonly notices = inject(Notices);
  private readonly isWanted = signal(localStorage.getItem(KEY) === 'on');
  private readonly permission = signal(this.notices.permission);
  /** The newest message that each conversation's notification tells of. */
  private readonly shown = new Map<string, number>();

  readonly enabled = computed(() => this.isWanted() && this.permission() === 'granted');
  readonly blocked = computed(() => this.permission() === 'denied');
  readonly supported = computed(() => this.permission() !== 'unsupported');

  constructor() {
    effect(() => {
      const conversations = this.conversations.sorted();
      untracked(() => {
        for (const { id, lastReadSeq } of conversations) {
          if ((this.shown.get(id) ?? Infinity) <= lastReadSeq) this.withdraw(id);
        }
      });
    });
    effect(() => {
      if (!this.session.signedIn()) void this.notices.withdraw();
    });
  }

  async enable(): Promise<void> {
    this.permission.set(await this.notices.request());
    this.want(true);
  }

  disable(): void {
    this.want(false);
    void this.notices.withdraw();
  }

  /** A message has come. */
  consider(message: Message): void {
    if (this.mayTell(message)) setTimeout(() => void this.tell(message), PATIENCE_MS);
  }

  private mayTell(message: Message): boolean {
    const summary = this.conversations.find(message.conversationId);
    const ownId = this.session.user()?.id ?? '';
    // Another tab may have changed the setting.
    const isOn = localStorage.getItem(KEY) === 'on' && this.leadership.leads();
    return isOn && summary !== undefined && isDisturbing(message, summary, ownId, new Date());
  }

  private async tell(message: Message): Promise<void> {
    const { conversationId, senderId, body, seq } = message;
    const summary = this.conversations.find(conversationId);
    if (!summary || !this.mayTell(message) || (await this.isUndisturbed())) return;
    const author = this.people.find(senderId)?.displayName ?? TEXTS.conversation.somebody;
    const name = conversationName(summary);
    this.shown.set(conversationId, seq);
    await this.notices.show({
      tag: conversationId,
      title: summary.kind === 'direct' ? author : TEXTS.notifications.from(author, name),
      body: excerpt(body),
      path: `/c/${conversationId}`,
    });
  }

  /** Asked each time: any device may have said so, and the time for it may be over. */
  private async isUndisturbed(): Promise<boolean> {
    try {
      return (await this.api.status()).state === 'doNotDisturb';
    } catch {
      return false;
    }
  }

  private withdraw(conversationId: string): void {
    this.shown.delete(conversationId);
    void this.notices.withdraw(conversationId);
  }

  private want(isWanted: boolean): void {
    this.isWanted.set(isWanted);
    if (isWanted) localStorage.setItem(KEY, 'on');
    else localStorage.removeItem(KEY);
  }
}
