import { NgTemplateOutlet } from '@angular/common';
import { Component, computed, inject, input, output } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { ReplyReference } from '../../core/api/generated/models';
import { SessionStore } from '../../core/auth/session-store';
import { Outbox } from '../../core/chat/outbox';
import { isUnderWay, OutgoingEntry } from '../../core/chat/outbox-queue';
import { PeopleStore } from '../../core/chat/people-store';
import { ThreadsStore } from '../../core/chat/threads-store';
import { Dialogs } from '../../core/layout/dialogs';
import { copyText } from '../../shared/copy-text';
import { Avatar } from '../../shared/avatar/avatar';
import { MessageText } from '../../shared/message-text/message-text';
import { problemText, TEXTS } from '../../shared/texts';
import { clockTime, fullTime } from '../../shared/times';
import { Mention } from '../../shared/message-text/text-parts';
import { MessageActions } from './message-actions';
import { MenuRequest } from './message-menu';
import { Quotation } from './quotation';
import { Reactions } from './reactions';
import { MessageRow } from './timeline-rows';

/** Somebody who has read a message. */
export interface Reader {
  readonly id: string;
  readonly name: string;
}

/** Of more readers than this the number is shown. */
const FACES = 4;

/** One message, with its author if the row begins a group, and with its fate while it is on its way. */
@Component({
  selector: 'app-message-row',
  imports: [NgTemplateOutlet, Avatar, Icon, MessageText, Quotation, Reactions],
  templateUrl: './message-row.html',
  styleUrl: './message-row.scss',
  host: {
    role: 'article',
    tabindex: '-1',
    '[attr.aria-label]': 'author() + ", " + time()',
    '[class.starts]': 'row().startsGroup',
    '[class.pending]': 'isUnderWay()',
    '[class.failed]': 'outgoing()?.state === "failed"',
    '[class.calls]': 'callsReader()',
    '[class.own]': 'row().senderId === ownId()',
  },
})
export class MessageRowView {
  private readonly people = inject(PeopleStore);
  private readonly outbox = inject(Outbox);
  private readonly session = inject(SessionStore);
  private readonly dialogs = inject(Dialogs);
  private readonly threads = inject(ThreadsStore);
  protected readonly actions = inject(MessageActions);

  readonly row = input.required<MessageRow>();
  /** Whether this is where the thread itself is shown. */
  readonly inThread = input(false);
  /** Who has read up to this message, if that is to be shown here. */
  readonly readers = input<readonly Reader[]>([]);
  /** Whether there is a connection that a waiting message could take. */
  readonly connected = input(true);
  readonly menu = output<MenuRequest>();
  readonly jump = output<ReplyReference>();

  protected readonly texts = TEXTS.message;
  protected readonly conversationTexts = TEXTS.conversation;
  protected readonly message = computed(() => this.row().message);
  protected readonly outgoing = computed(() => this.row().outgoing);
  protected readonly isUnderWay = computed(() => {
    const entry = this.outgoing();
    return entry !== undefined && isUnderWay(entry);
  });
  protected readonly author = computed(() => this.nameOf(this.row().senderId));
  protected readonly time = computed(() => clockTime(this.row().at));
  protected readonly fullTime = computed(() => fullTime(this.row().at));
  protected readonly refusal = computed(() => {
    const problem = this.outgoing()?.problem;
    return problem ? problemText({ code: problem }) : '';
  });

  protected readonly isDeleted = computed(() => this.message()?.deletedAt !== undefined);
  protected readonly undoable = computed(() => {
    const message = this.message();
    return message && this.actions.mayUndo(message) ? message : undefined;
  });
  protected readonly pinnedBy = computed(() => {
    const id = this.message()?.pinnedBy;
    return id && this.nameOf(id);
  });
  protected readonly replyTo = computed(() => this.message()?.replyTo ?? this.outgoing()?.replyTo);
  protected readonly conversationId = computed(
    () => this.message()?.conversationId ?? this.outgoing()?.conversationId ?? '',
  );
  protected readonly callsReader = computed(() => {
    const mentions = this.message()?.mentions;
    return mentions?.all === true || mentions?.userIds.includes(this.ownId()) === true;
  });
  protected readonly mentions = computed<Mention[]>(() => {
    const mentions = this.message()?.mentions;
    if (!mentions) return [];
    const people = mentions.userIds.flatMap((id) => {
      const name = this.people.find(id)?.username;
      return name ? [{ name, self: id === this.ownId() }] : [];
    });
    return mentions.all ? [...people, { name: 'all', self: true }] : people;
  });
  protected readonly faces = computed(() => this.readers().slice(0, FACES));
  protected readonly moreReaders = computed(() => this.readers().length - this.faces().length);
  protected readonly readersText = computed(() =>
    this.texts.seenBy(this.readers().map(({ name }) => name)),
  );
  protected readonly threadUnread = computed(() => {
    const state = this.threads.find(this.message()?.messageId ?? '');
    return state?.following ? state.unreadCount : 0;
  });
  protected readonly ownId = computed(() => this.session.user()?.id ?? '');

  protected retry(entry: OutgoingEntry): void {
    this.outbox.retry(entry);
  }

  protected copy({ body }: OutgoingEntry): void {
    void copyText(body);
  }

  protected discard(entry: OutgoingEntry): void {
    this.outbox.discard(entry);
  }

  /** Back into the composer, from where it can be sent anew. */
  protected edit(entry: OutgoingEntry): void {
    this.outbox.discard(entry);
    this.actions.takeBack(entry);
  }

  protected showHistory(): void {
    const message = this.message();
    if (message) this.dialogs.show('editHistory', { message });
  }

  private nameOf(id: string): string {
    return this.people.find(id)?.displayName ?? TEXTS.conversation.somebody;
  }
}
