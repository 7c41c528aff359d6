import { NgTemplateOutlet } from '@angular/common';
import { Component, computed, inject, input } from '@angular/core';
import { Icon } from '../../shared/icon/icon';
import { Outbox } from '../../core/chat/outbox';
import { OutgoingEntry } from '../../core/chat/outbox-queue';
import { PeopleStore } from '../../core/chat/people-store';
import { Avatar } from '../../shared/avatar/avatar';
import { MessageText } from '../../shared/message-text/message-text';
import { problemText, TEXTS } from '../../shared/texts';
import { clockTime, fullTime } from '../../shared/times';
import { MessageRow } from './timeline-rows';

/** One message, with its author if the row begins a group, and with its fate while it is on its way. */
@Component({
  selector: 'app-message-row',
  imports: [NgTemplateOutlet, Avatar, Icon, MessageText],
  templateUrl: './message-row.html',
  styleUrl: './message-row.scss',
  host: {
    role: 'article',
    '[attr.aria-label]': 'author() + ", " + time()',
    '[class.starts]': 'row().startsGroup',
    '[class.pending]': 'outgoing()?.state === "waiting"',
    '[class.failed]': 'outgoing()?.state === "failed"',
  },
})
export class MessageRowView {
  private readonly people = inject(PeopleStore);
  private readonly outbox = inject(Outbox);

  readonly row = input.required<MessageRow>();
  /** Whether there is a connection that a waiting message could take. */
  readonly connected = input(true);

  protected readonly texts = TEXTS.conversation;
  protected readonly outgoing = computed(() => this.row().outgoing);
  protected readonly author = computed(
    () => this.people.find(this.row().senderId)?.displayName ?? this.texts.somebody,
  );
  protected readonly time = computed(() => clockTime(this.row().at));
  protected readonly fullTime = computed(() => fullTime(this.row().at));
  protected readonly refusal = computed(() => {
    const problem = this.outgoing()?.problem;
    return problem ? problemText({ code: problem }) : '';
  });

  protected retry(entry: OutgoingEntry): void {
    this.outbox.retry(entry);
  }

  protected discard(entry: OutgoingEntry): void {
    this.outbox.discard(entry);
  }
}
