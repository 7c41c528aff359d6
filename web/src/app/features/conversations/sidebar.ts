import { Component, computed, effect, inject, signal, untracked } from '@angular/core';
import { Router, RouterLink, RouterLinkActive } from '@angular/router';
import { Icon } from '../../shared/icon/icon';
import { toProblem } from '../../core/api/problem';
import { User } from '../../core/api/generated/models';
import { ServerStatus } from '../../core/auth/server-status';
import { SessionStore } from '../../core/auth/session-store';
import { ConversationsStore } from '../../core/chat/conversations-store';
import { Drafts } from '../../core/chat/drafts';
import { PeopleStore } from '../../core/chat/people-store';
import { PresenceStore } from '../../core/chat/presence-store';
import { ThreadsStore } from '../../core/chat/threads-store';
import { TypingStore } from '../../core/chat/typing-store';
import { Clock } from '../../core/layout/clock';
import { Dialogs } from '../../core/layout/dialogs';
import { RealtimeConnection } from '../../core/realtime/realtime-connection';
import { Avatar } from '../../shared/avatar/avatar';
import { PresenceDot } from '../../shared/presence-dot/presence-dot';
import { problemText, TEXTS } from '../../shared/texts';
import { isNamed } from './destinations';
import { peopleToMeet, SidebarContext, sidebarRow } from './sidebar-rows';

/** Conversations by newest activity, then the people one has not talked to yet. */
@Component({
  selector: 'app-sidebar',
  imports: [Avatar, Icon, PresenceDot, RouterLink, RouterLinkActive],
  templateUrl: './sidebar.html',
  styleUrl: './sidebar.scss',
})
export class Sidebar {
  protected readonly conversations = inject(ConversationsStore);
  protected readonly session = inject(SessionStore);
  protected readonly server = inject(ServerStatus);
  protected readonly dialogs = inject(Dialogs);
  protected readonly presence = inject(PresenceStore);
  protected readonly threads = inject(ThreadsStore);
  private readonly people = inject(PeopleStore);
  private readonly typing = inject(TypingStore);
  private readonly drafts = inject(Drafts);
  private readonly clock = inject(Clock);
  private readonly router = inject(Router);
  private readonly connection = inject(RealtimeConnection);

  protected readonly texts = TEXTS.sidebar;
  protected readonly problem = signal('');
  protected readonly threadsText = computed(() =>
    TEXTS.threads.button(this.threads.unreadThreads()),
  );

  protected readonly rows = computed(() => {
    const context: SidebarContext = {
      ownId: this.session.user()?.id ?? '',
      now: this.clock.now(),
      nameOf: (id) => this.people.find(id)?.displayName,
      typingIn: (id) => this.typing.typingIn(id),
      draftOf: (id) => this.drafts.waitingIn(id),
    };
    return this.conversations.sorted().map((summary) => sidebarRow(summary, context));
  });

  private readonly everyStranger = computed(() =>
    peopleToMeet(this.people.directory(), this.conversations.sorted()),
  );
  /** Only what has these words in its name is shown. */
  protected readonly filter = signal('');
  protected readonly shown = computed(() =>
    this.rows().filter(({ name }) => isNamed(name, this.filter())),
  );
  protected readonly strangers = computed(() =>
    this.everyStranger().filter(({ displayName }) => isNamed(displayName, this.filter())),
  );
  protected readonly hasNone = computed(
    () => this.shown().length + this.strangers().length === 0 && this.filter().trim() !== '',
  );

  constructor() {
    this.presence.show(
      computed(() => [
        ...this.rows().flatMap(({ peerId }) => peerId ?? []),
        ...this.everyStranger().map((user) => user.id),
      ]),
    );
    effect(() => {
      // Names of those who wrote the last messages, for the previews.
      const people = this.conversations.sorted().flatMap(({ lastMessage }) => {
        const note = lastMessage?.system;
        return [lastMessage?.senderId ?? [], note && 'userId' in note ? note.userId : []].flat();
      });
      void this.people.ensure(people);
    });
    effect(() => {
      if (this.connection.status() !== 'connected') return;
      this.people.loadDirectory().catch(() => undefined);
      untracked(() => void this.threads.load().catch(() => undefined));
    });
  }

  protected async write(user: User): Promise<void> {
    this.problem.set('');
    try {
      await this.router.navigate(['/c', await this.conversations.openDirect(user.id)]);
    } catch (error) {
      this.problem.set(problemText(toProblem(error)));
    }
  }

  /** Escape shows everything again; the arrow goes on to what is left. */
  protected filterKey(event: KeyboardEvent, box: HTMLInputElement): void {
    if (event.key === 'Escape' && this.filter()) {
      this.filter.set('');
      box.value = '';
      event.stopPropagation();
    }
  }

  /** Arrow keys walk through the rows. */
  protected walk(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || event.altKey) return;
    const list = event.currentTarget as HTMLElement;
    const rows = [...list.querySelectorAll<HTMLElement>('.row')];
    const index = rows.indexOf(document.activeElement as HTMLElement);
    rows[Math.max(0, Math.min(rows.length - 1, index + step))]?.focus();
    event.preventDefault();
  }
}
