import { Component, computed, inject, signal, viewChild } from '@angular/core';
import { Router } from '@angular/router';
import { toProblem } from '../../core/api/problem';
import { conversationName } from '../../core/chat/conversation-name';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { PeopleStore } from '../../core/chat/people-store';
import { ThreadsStore } from '../../core/chat/threads-store';
import { Clock } from '../../core/layout/clock';
import { Dialogs } from '../../core/layout/dialogs';
import { DialogFrame } from '../../shared/dialog-frame/dialog-frame';
import { MessageCard } from '../../shared/message-card/message-card';
import { excerpt, problemText, TEXTS } from '../../shared/texts';
import { listTime } from '../../shared/times';

/** The threads that one follows, those with the newest replies first. */
@Component({
  selector: 'app-followed-threads',
  imports: [DialogFrame, MessageCard],
  template: `
    <app-dialog-frame [heading]="texts.title" (closed)="dialogs.close()">
      @if (rows().length > 0) {
        <ul>
          @for (row of rows(); track row.rootId) {
            <li>
              <app-message-card [card]="row" (opened)="open(row.conversationId, row.rootId)" />
            </li>
          }
        </ul>
      } @else if (threads.loaded()) {
        <p>{{ texts.empty }}</p>
      }
      @if (problem(); as sentence) {
        <p class="notice error" role="alert">{{ sentence }}</p>
      }
    </app-dialog-frame>
  `,
})
export class FollowedThreads {
  protected readonly threads = inject(ThreadsStore);
  protected readonly dialogs = inject(Dialogs);
  private readonly frame = viewChild.required(DialogFrame);
  private readonly conversations = inject(ConversationsStore);
  private readonly people = inject(PeopleStore);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);

  protected readonly texts = TEXTS.threads;
  protected readonly problem = signal('');
  protected readonly rows = computed(() =>
    this.threads.followed().map(({ conversationId, rootId, root, unreadCount }) => {
      const conversation = this.conversations.find(conversationId);
      const { thread, sentAt, senderId, deletedAt, body } = root;
      return {
        conversationId,
        rootId,
        seed: senderId,
        author: this.people.find(senderId)?.displayName ?? TEXTS.conversation.somebody,
        place: conversation ? conversationName(conversation) : '',
        time: listTime(new Date(thread?.lastReplyAt ?? sentAt), this.clock.now()),
        text: deletedAt ? TEXTS.message.deleted : excerpt(body),
        remark: TEXTS.message.replies(thread?.replyCount ?? 0),
        badge: unreadCount > 0 ? TEXTS.message.newReplies(unreadCount) : '',
      };
    }),
  );

  constructor() {
    this.threads.load().then(
      () => this.people.ensure(this.threads.followed().map(({ root }) => root.senderId)),
      (error: unknown) => {
        this.problem.set(problemText(toProblem(error)));
      },
    );
  }

  protected open(conversationId: string, rootId: string): void {
    this.frame().close();
    void this.router.navigate(['/c', conversationId, 'thread', rootId]);
  }
}
