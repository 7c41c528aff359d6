import { computed, inject, Service, signal } from '@angular/core';
import { ConversationsApi } from '../api/conversations-api';
import { Problem, toProblem } from '../api/problem';
import { ConversationSummary, CreateGroupRequest } from '../api/generated/models';
import { Heads, MemberChanged, MessageReceived, RevRange, UserChanged } from '../api/events';
import { SessionStore } from '../auth/session-store';
import {
  afterMemberChange,
  afterMessage,
  afterRead,
  byActivity,
  Conversations,
  withList,
  without,
  withSummary,
} from './conversation-list';
import { PeopleStore } from './people-store';
import { place } from './rev-range';

/** The code, of our own, for a channel that one could join. */
export const NOT_JOINED = 'not_joined';

/** The conversations one belongs to, as the sidebar shows them. Every load overwrites what events added up to. */
@Service()
export class ConversationsStore {
  private readonly api = inject(ConversationsApi);
  private readonly session = inject(SessionStore);
  private readonly people = inject(PeopleStore);

  private readonly conversations = signal<Conversations>(new Map());
  private readonly loadedSignal = signal(false);
  private readonly problemSignal = signal<Problem | undefined>(undefined);
  private readonly lost = signal<ReadonlySet<string>>(new Set());
  private epoch?: string;
  private userRev = 0;
  private loading?: Promise<void>;
  private readonly refreshing = new Map<string, Promise<void>>();

  /** Newest activity first. */
  readonly sorted = computed(() => byActivity(this.conversations()));
  readonly loaded = this.loadedSignal.asReadonly();
  readonly problem = this.problemSignal.asReadonly();
  readonly unreadTotal = computed(() =>
    this.sorted().reduce((sum, conversation) => sum + conversation.unreadCount, 0),
  );

  find(id: string): ConversationSummary | undefined {
    return this.conversations().get(id);
  }

  /** The direct conversation with this person, if there is one. */
  directWith(userId: string): ConversationSummary | undefined {
    return this.sorted().find((conversation) => conversation.peer?.id === userId);
  }

  /** Whether one was taken out of this conversation while the page was open. */
  wasLost(id: string): boolean {
    return this.lost().has(id);
  }

  load(): Promise<void> {
    this.loading ??= this.fetchList().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  /** Reads one conversation anew; says what went wrong, if something did. */
  async refresh(id: string): Promise<Problem | undefined> {
    let running = this.refreshing.get(id);
    if (!running) {
      running = this.fetchOne(id).finally(() => this.refreshing.delete(id));
      this.refreshing.set(id, running);
    }
    try {
      await running;
      return undefined;
    } catch (error) {
      return toProblem(error);
    }
  }

  async openDirect(userId: string): Promise<string> {
    return this.directWith(userId)?.id ?? this.put(await this.api.openDirect(userId));
  }

  async createGroup(request: CreateGroupRequest): Promise<string> {
    return this.put(await this.api.createGroup(request));
  }

  async join(id: string): Promise<string> {
    return this.put(await this.api.join(id));
  }

  async leave(id: string): Promise<void> {
    await this.api.leave(id);
    this.lose(id);
  }

  /** Compares with the heads that a connection begins with; true when the server's history is another one. */
  applyHeads(heads: Heads): boolean {
    const replaced = this.epoch !== undefined && this.epoch !== heads.epoch;
    if (replaced) this.forget();
    this.epoch = heads.epoch;
    if (replaced || this.isBehind(heads)) void this.load();
    return replaced;
  }

  applyMessage(event: MessageReceived): void {
    const ownId = this.session.user()?.id ?? '';
    this.apply(event.conversationId, event, (summary) => afterMessage(summary, event, ownId));
  }

  applyMemberChange(event: MemberChanged): void {
    const ownId = this.session.user()?.id ?? '';
    if (event.joined) this.people.greet(event.user);
    if (event.user.id === ownId && !event.joined) this.lose(event.conversationId);
    else {
      this.apply(event.conversationId, event, (summary) =>
        afterMemberChange(summary, event, ownId),
      );
    }
  }

  applyUserChange(event: UserChanged): void {
    const placement = place(this.userRev, event);
    if (placement === 'gap') void this.load();
    if (placement !== 'next') return;
    this.userRev = event.toRev;
    const { change } = event;
    switch (change.type) {
      case 'conversationGained':
        this.put(change.conversation);
        break;
      case 'conversationLost':
        this.lose(change.conversationId);
        break;
      case 'readMarkerMoved':
        this.change(change.conversationId, (summary) =>
          afterRead(summary, change.seq, change.unreadCount),
        );
    }
  }

  /** Shows at once what is about to be told to the server. */
  markRead(id: string, seq: number): void {
    this.change(id, (summary) => afterRead(summary, seq, 0));
  }

  private apply(
    id: string,
    range: RevRange,
    change: (summary: ConversationSummary) => ConversationSummary,
  ): void {
    const summary = this.find(id);
    const placement = summary ? place(summary.rev, range) : 'gap';
    if (placement === 'next') this.change(id, change);
    else if (placement === 'gap') void this.refresh(id);
  }

  private change(id: string, change: (summary: ConversationSummary) => ConversationSummary): void {
    const summary = this.find(id);
    if (summary) this.conversations.update((known) => new Map(known).set(id, change(summary)));
  }

  private put(summary: ConversationSummary): string {
    if (summary.peer) this.people.remember([summary.peer]);
    this.lost.update((ids) => new Set([...ids].filter((id) => id !== summary.id)));
    this.conversations.update((known) => withSummary(known, summary));
    return summary.id;
  }

  private lose(id: string): void {
    this.conversations.update((known) => without(known, id));
    this.lost.update((ids) => new Set(ids).add(id));
  }

  private forget(): void {
    this.conversations.set(new Map());
    this.userRev = 0;
    this.loadedSignal.set(false);
  }

  private isBehind(heads: Heads): boolean {
    if (!this.loadedSignal() || heads.userRev !== this.userRev) return true;
    return heads.conversations.some(
      (head) => (this.find(head.conversationId)?.rev ?? -1) < head.rev,
    );
  }

  private async fetchList(): Promise<void> {
    try {
      const list = await this.api.list();
      this.epoch ??= list.epoch;
      this.userRev = Math.max(this.userRev, list.userRev);
      this.people.remember(list.conversations.flatMap(({ peer }) => peer ?? []));
      this.conversations.update((known) => withList(known, list.conversations));
      this.loadedSignal.set(true);
      this.problemSignal.set(undefined);
    } catch (error) {
      this.problemSignal.set(toProblem(error));
    }
  }

  private async fetchOne(id: string): Promise<void> {
    try {
      this.put(await this.api.get(id));
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code !== 'not_found') throw problem;
      this.conversations.update((known) => without(known, id));
      // Channels can be seen from outside.
      const channels = await this.api.channels();
      throw channels.some((channel) => channel.id === id) ? new Problem(NOT_JOINED) : problem;
    }
  }
}
