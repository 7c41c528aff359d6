import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { Message } from '../../core/api/generated/models';
import { PeopleStore } from '../../core/chat/people-store';
import { TEXTS } from '../../shared/texts';
import { countAfter, isNews } from './timeline-rows';

/** New messages are gathered for this long, so that a lively conversation does not talk without a pause. */
const GATHER_MS = 1_500;
/** More than this are counted instead of read out. */
const READ_OUT = 3;

/** Tells screen readers about new messages of others, politely; history that is scrolled in says nothing. */
@Component({
  selector: 'app-announcer',
  template: `{{ text() }}`,
  host: { 'aria-live': 'polite', class: 'visually-hidden' },
})
export class Announcer {
  private readonly people = inject(PeopleStore);
  readonly messages = input.required<readonly Message[]>();
  readonly ownId = input.required<string>();

  protected readonly text = signal('');
  private saidUpTo?: number;
  private timer?: ReturnType<typeof setTimeout>;

  constructor() {
    effect((onCleanup) => {
      const last = this.messages().at(-1)?.seq;
      if (last === undefined) return;
      this.saidUpTo ??= last;
      if (last > this.saidUpTo) {
        untracked(() => (this.timer ??= setTimeout(() => this.say(), GATHER_MS)));
      }
      onCleanup(() => undefined);
    });
  }

  private say(): void {
    this.timer = undefined;
    const from = this.saidUpTo ?? 0;
    const messages = this.messages();
    this.saidUpTo = messages.at(-1)?.seq ?? from;
    const count = countAfter(messages, from, this.ownId());
    if (count === 0) return;
    const texts = TEXTS.conversation;
    if (count > READ_OUT) {
      this.text.set(texts.newMessages(count));
      return;
    }
    const fresh = messages.filter((message) => message.seq > from && isNews(message, this.ownId()));
    this.text.set(
      fresh
        .map(({ senderId, body }) => {
          const name = this.people.find(senderId)?.displayName ?? texts.somebody;
          return texts.announced(name, body);
        })
        .join(' '),
    );
  }
}
