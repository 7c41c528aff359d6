import { computed, inject, Service, signal } from '@angular/core';
import { ConversationsApi } from '../api/conversations-api';
import { isTransient, Problem, toProblem } from '../api/problem';
import {
  ConversationSummary,
  CreateGroupRequest,
  PersonalState,
  Row,
  UserChange,
} from '../api/generated/models';
import { ConversationStep, Head, Heads, UserStep } from '../api/events';
import { SessionStore } from '../auth/session-store';
import { Clock } from '../layout/clock';
import { Coalesced } from './coalesced';
import {
  afterReading,
  afterState,
  afterStep,
  byActivity,
  changesCounts,
  Conversations,
  disturbingCount,
  withList,
  without,
  withSummary,
} from './conversation-list';
import { Holes } from './holes';
import { PeopleStore } from './people-store';
import { ReceiptsStore } from './receipts-store';
import { place } from './rev-range';
import { ThreadsStore } from './threads-store';

/** The code, of our own, for a channel that one could join. */
export const NOT_JOINED = 'not_joined';

/** Counts are asked for this long after the first event that may have changed them, */
const COUNT_AFTER_MS = 60;
/** and up to this much later for each member, so that the members of a large channel do not all ask at once. */
const SPREAD_MS = 4;
const MAX_SPREAD_MS = 10_000;

/**
 * The conversations one belongs to, as the sidebar shows them. What the log tells is taken from events; what must be
 * counted is asked of the server, which alone can.
 */
@Service()
export class ConversationsStore {
  private readonly api = inject(ConversationsApi);
  private readonly session = inject(SessionStore);
  private readonly people = inject(PeopleStore);
  private readonly holes = inject(Holes);
  private readonly clock = inject(Clock);
  private readonly threads = inject(ThreadsStore);
  private readonly receipts = inject(ReceiptsStore);

  /** As the server tells it, and as it is shown: with what was just read. */
  private readonly told = signal<Conversations>(new Map());
  private readonly reading = signal<ReadonlyMap<string, number>>(new Map());
  private readonly conversations = computed<Conversations>(() => {
    const shown = new Map(this.told());
    for (const [id, seq] of this.reading()) {
      const summary = shown.get(id);
      if (summary) shown.set(id, afterReading(summary, seq));
    }
    return shown;
  });
  private readonly loadedSignal = signal(false);
  private readonly problemSignal = signal<Problem | undefined>(undefined);
  private readonly lost = signal<ReadonlySet<string>>(new Set());
  private epoch?: string;
  private userRev = 0;
  /** The newest rev of the user's own log that was heard of. */
  private userHead = 0;
  private listIsBehind = false;
  private loading?: Promise<void>;
  private readonly refreshing = new Map<string, Promise<void>>();
  private readonly counting = new Coalesced(async (id) => {
    const problem = await this.refresh(id);
    if (problem && isTransient(problem)) throw problem;
  });
  /** How often each conversation's personal state was told: an answer that this overtook does not count. */
  private readonly statesTold = new Map<string, number>();

  /** Newest activity first. */
  readonly sorted = computed(() => byActivity(this.conversations()));
  readonly loaded = this.loadedSignal.asReadonly();
  readonly problem = this.problemSignal.asReadonly();
  /** How many messages call for attention in all. */
  readonly unreadTotal = computed(() =>
    this.sorted().reduce((sum, summary) => sum + disturbingCount(summary, this.clock.now()), 0),
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

  /** Where a synchronisation has to begin; without a `userRev` it sends the whole list. */
  position(): { epoch?: string; userRev?: number } {
    const isKnown = this.loadedSignal() && !this.listIsBehind;
    return { epoch: this.epoch, userRev: isKnown ? this.userRev : undefined };
  }

  /** The list as the server tells it, and where its logs stand: what is worth keeping. */
  snapshot(): { epoch?: string; userRev: number; conversations: Conversations } {
    return { epoch: this.epoch, userRev: this.userRev, conversations: this.told() };
  }

  /** Shows what was kept of an earlier visit. Much may have happened since, so that the list is asked for all the same. */
  restore(
    { epoch, userRev }: { epoch: string; userRev: number },
    conversations: readonly ConversationSummary[],
  ): void {
    if (this.loadedSignal()) return;
    this.epoch = epoch;
    this.userRev = userRev;
    this.listIsBehind = true;
    this.people.remember(conversations.flatMap(({ peer }) => peer ?? []));
    this.told.set(new Map(conversations.map((summary) => [summary.id, summary])));
    this.loadedSignal.set(true);
  }

  load(): Promise<void> {
    this.loading ??= this.fetchList().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  /** Reads one conversation anew; says what went wrong, if something did. */
  async refresh(id: string): Promise<Problem | undefined> {
    try {
      await this.read(id);
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

  /** A summary that the server answered with. */
  put(summary: ConversationSummary): string {
    if (summary.peer) this.people.remember([summary.peer]);
    this.lost.update((ids) => new Set([...ids].filter((id) => id !== summary.id)));
    this.told.update((known) => withSummary(known, summary));
    return summary.id;
  }

  lose(id: string): void {
    this.counting.drop(id);
    this.told.update((known) => without(known, id));
    this.lost.update((ids) => new Set(ids).add(id));
  }

  /** Compares with where everything stands: whether a synchronisation is due. `followed` brings its own steps. */
  isBehind({ epoch, userRev, conversations }: Heads, followed: ReadonlySet<string>): boolean {
    if (!this.loadedSignal()) return true;
    const isStale = ({ conversationId, rev }: Head) =>
      !followed.has(conversationId) && (this.find(conversationId)?.rev ?? rev) < rev;
    this.listIsBehind ||= conversations.some(isStale);
    const gained = conversations.some(({ conversationId }) => !this.find(conversationId));
    return this.epoch !== epoch || this.userRev !== userRev || gained || this.listIsBehind;
  }

  /** Whether more was heard of than is in the list. */
  areBehind(): boolean {
    return this.listIsBehind || this.userRev < this.userHead;
  }

  /** The messages of a conversation were sent anew; its summary has to reach as far. */
  catchUp(id: string, rev: number): void {
    if ((this.find(id)?.rev ?? rev) < rev) void this.refresh(id);
  }

  applyStep(step: ConversationStep): void {
    const id = step.conversationId;
    const ownId = this.session.user()?.id ?? '';
    const summary = this.find(id);
    const placement = summary ? place(summary.rev, step) : 'gap';
    if (placement !== 'known' && step.rows.some((row) => isReply(row, ownId)))
      this.threads.replied();
    // What happened just before one left may arrive after it; the server would not answer for it any more.
    if (placement === 'gap' && !this.wasLost(id)) void this.refresh(id);
    if (placement !== 'next' || !summary) return;
    this.change(id, (known) => afterStep(known, step, ownId));
    if (changesCounts(summary, step, ownId)) this.count(summary);
  }

  applyUserStep(step: UserStep): void {
    this.userHead = Math.max(this.userHead, step.toRev);
    const placement = place(this.userRev, step);
    if (placement === 'gap') this.holes.found();
    if (placement !== 'next') return;
    this.userRev = step.toRev;
    for (const change of step.changes) this.applyUserChange(change);
  }

  /** The list as it stood at `userRev`. Where events have overtaken it, what happened since is asked for again. */
  applyList(conversations: readonly ConversationSummary[], userRev: number): void {
    this.userHead = Math.max(this.userHead, userRev);
    const present = new Set(conversations.map(({ id }) => id));
    this.people.remember(conversations.flatMap(({ peer }) => peer ?? []));
    for (const id of this.conversations().keys()) if (!present.has(id)) this.lose(id);
    this.told.update((known) => withList(known, conversations));
    // The list stands for what was not told one by one.
    this.threads.askSoon();
    this.userRev = userRev;
    this.listIsBehind = false;
    this.loadedSignal.set(true);
    this.problemSignal.set(undefined);
    if (this.areBehind()) this.holes.found();
  }

  /** The server's database has another history. */
  beginAnew(epoch: string): void {
    this.told.set(new Map());
    this.reading.set(new Map());
    this.lost.set(new Set());
    this.threads.forgetAll();
    this.userRev = 0;
    this.userHead = 0;
    this.epoch = epoch;
    this.loadedSignal.set(false);
  }

  /** Shows at once what is about to be told to the server. */
  markRead(id: string, seq: number): void {
    this.reading.update((all) => new Map(all).set(id, Math.max(seq, all.get(id) ?? 0)));
  }

  /** The server knows by now how far one has read, or will not have it. */
  readingToldOf(id: string, seq: number, isTaken: boolean): void {
    const known = this.told().get(id);
    // Its own word on that follows, or has come.
    if (isTaken && known && known.lastReadSeq < seq) this.change(id, (c) => afterReading(c, seq));
    if ((this.reading().get(id) ?? 0) <= seq) this.forgetReading(id);
  }

  forgetReading(id: string): void {
    this.reading.update((all) => new Map([...all].filter(([key]) => key !== id)));
  }

  private applyUserChange(change: UserChange): void {
    switch (change.type) {
      case 'conversationGained':
        this.put(change.conversation);
        break;
      case 'conversationLost':
        this.lose(change.conversationId);
        break;
      case 'stateChanged':
        this.applyState(change.conversationId, change);
        break;
      case 'threadStateChanged':
        this.threads.apply(change);
        break;
      case 'receiptsChanged':
        this.receipts.forget();
        break;
    }
  }

  private count({ id, memberCount }: ConversationSummary): void {
    const spread = Math.min(MAX_SPREAD_MS, memberCount * SPREAD_MS);
    this.counting.ask(id, COUNT_AFTER_MS + Math.random() * spread);
  }

  /** What the server says of the reader, as an event or as an answer. */
  applyState(id: string, state: PersonalState): void {
    this.statesTold.set(id, (this.statesTold.get(id) ?? 0) + 1);
    this.change(id, (summary) => afterState(summary, state));
  }

  private change(id: string, change: (summary: ConversationSummary) => ConversationSummary): void {
    const summary = this.told().get(id);
    if (summary) this.told.update((known) => new Map(known).set(id, change(summary)));
  }

  private async fetchList(): Promise<void> {
    try {
      const list = await this.api.list();
      this.epoch ??= list.epoch;
      this.applyList(list.conversations, list.userRev);
    } catch (error) {
      this.problemSignal.set(toProblem(error));
    }
  }

  /** Calls while an answer is awaited share it. */
  private read(id: string): Promise<void> {
    let running = this.refreshing.get(id);
    if (!running) {
      running = this.fetchOne(id).finally(() => this.refreshing.delete(id));
      this.refreshing.set(id, running);
    }
    return running;
  }

  private async fetchOne(id: string): Promise<void> {
    try {
      const toldBefore = this.statesTold.get(id);
      const summary = await this.api.get(id);
      const known = this.told().get(id);
      const isOvertaken = known !== undefined && this.statesTold.get(id) !== toldBefore;
      // What was told meanwhile is newer than this answer, or older; the next answer is neither.
      if (isOvertaken) this.count(known);
      this.put(isOvertaken ? afterState(summary, known) : summary);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code !== 'not_found') throw problem;
      this.told.update((known) => without(known, id));
      // Channels can be seen from outside.
      const channels = await this.api.channels();
      throw channels.some((channel) => channel.id === id) ? new Problem(NOT_JOINED) : problem;
    }
  }
}

/** Whether somebody else wrote this into a thread. */
function isReply(row: Row, ownId: string): boolean {
  return (
    row.type === 'message' && row.message.threadOf !== undefined && row.message.senderId !== ownId
  );
}
