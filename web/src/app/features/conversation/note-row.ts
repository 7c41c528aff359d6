import { Component, computed, inject, input } from '@angular/core';
import { PeopleStore } from '../../core/chat/people-store';
import { noteText } from '../../core/chat/note-text';
import { clockTime, fullTime } from '../../shared/times';
import { NoteRow } from './timeline-rows';

/** What has happened to the conversation: said quietly, between the messages. */
@Component({
  selector: 'app-note-row',
  template: `
    <bdi>{{ text() }}</bdi>
    <time [attr.datetime]="row().message.sentAt" [title]="fullTime()">{{ time() }}</time>
  `,
  host: { role: 'note' },
  styles: `
    :host {
      display: block;
      padding: var(--space-2) var(--space-6);
      color: var(--fg-2);
      font-size: var(--text-small);
      line-height: 1.125rem;
      text-align: center;
      overflow-wrap: anywhere;
    }
    time {
      margin-inline-start: var(--space-1);
      font-size: var(--text-meta);
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
    }
  `,
})
export class NoteRowView {
  private readonly people = inject(PeopleStore);
  readonly row = input.required<NoteRow>();

  protected readonly text = computed(() => {
    const { note, message } = this.row();
    return noteText(note, message.senderId, (id) => this.people.find(id)?.displayName);
  });
  private readonly at = computed(() => new Date(this.row().message.sentAt));
  protected readonly time = computed(() => clockTime(this.at()));
  protected readonly fullTime = computed(() => fullTime(this.at()));
}
