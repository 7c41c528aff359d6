import { inject, Service, signal } from '@angular/core';
import { ConversationsApi, PageRequest } from '../api/conversations-api';
import { Problem, toProblem } from '../api/problem';
import { Message, MessagePage, SendReceipt } from '../api/generated/models';
import { ConversationStep, Head } from '../api/events';
import { Archive } from '../storage/archive';
import {
  ConversationLog,
  lastSeq,
  logFromPage,
  newerRow,
  SentMessage,
  trimmed,
  withReceipt,
  withStep,
} from './conversation-log';
import { Holes } from './holes';
import {
  LoadedRanges,
  loadedAt,
  MessageRange,
  pruned,
  withBeginningAt,
  withChange,
  withPage,
} from './message-ranges';
import { PeopleStore } from './people-store';

/** What the message pane knows of a conversation. */
export interface LoadedMessages {
  readonly log?: ConversationLog;
  /** Stretches before the log, apart from it and from each other. */
  readonly earlier: readonly MessageRange[];
  /** Messages that stand outside the log but are shown: in a thread, in a quotation. By their ids. */
  readonly loose: ReadonlyMap<string, Message>;
  /** The pages that are being read beside a message, or could not be. */
  readonly edges: ReadonlyMap<Edge, 'loading' | Problem>;
  readonly problem?: Problem;
}

/** A side of a message, by its seq. */
export type Edge = `${'before' | 'after'} ${number}`;

const PAGE = 50;
const MAX_PAGE = 200;
/** Messages kept of a conversation that is not on screen. */
const KEPT = 200;
/** Of one on screen: more than `limit` are never kept, those around what is read and the newest last. */
const IN_MEMORY = { limit: 3_000, around: 600, newest: KEPT };
/** The server takes no more positions than this. */
const MAX_POSITIONS = 500;
const NOTHING: LoadedMessages = { earlier: [], loose: new Map(), edges: new Map() };

/** Room for what is unread and a little before it, as far as one page goes. */
function pageSize(unread: number): number {
  return Math.min(MAX_PAGE, Math.max(PAGE, unread + PAGE / 2));
}

/** The messages of the conversations that were opened, kept complete by the log rule. */
@Service()
export class MessagesStore {
  private readonly api = inject(ConversationsApi);
  private readonly people = inject(PeopleStore);
  private readonly holes = inject(Holes);
  private readonly archive = inject(Archive);
  private readonly loaded = signal<ReadonlyMap<string, LoadedMessages>>(new Map());
  /** The newest rev heard of: what a log has to reach. */
  private readonly heads = new Map<string, number>();
  /** The rows that came while something else of the conversation was being read, which may be older than they are. */
  private readonly heard = new Map<string, Set<Message[]>>();
  private openId?: string;

  messagesOf(id: string): LoadedMessages {
    return this.loaded().get(id) ?? NOTHING;
  }

  /** A message of which the id is known, and perhaps the place. */
  find(id: string, messageId: string, seq?: number): Message | undefined {
    const { log, loose } = this.messagesOf(id);
    const placed = seq === undefined ? undefined : this.at(id, seq);
    return placed ?? loose.get(messageId) ?? log?.messages.find((m) => m.messageId === messageId);
  }

  /** The message with this seq, if it is loaded. */
  at(id: string, seq: number): Message | undefined {
    const { log, earlier } = this.messagesOf(id);
    return log && loadedAt({ log, earlier }, seq);
  }

  /** The replies in a thread, as far as they are known. */
  threadOf(id: string, rootId: string): Message[] {
    const { log, loose } = this.messagesOf(id);
    const replies = new Map<string, Message>();
    for (const message of [...loose.values(), ...(log?.messages ?? [])]) {
      if (message.threadOf === rootId) replies.set(message.messageId, message);
    }
    return [...replies.values()].sort((a, b) => a.seq - b.seq);
  }

  /**
   * A conversation comes on screen: what is known is completed, or its end is read, with all that is unread, and what
   * stands around the message `at`.
   */
  async open(id: string, { unread = 0, at }: { unread?: number; at?: number } = {}): Promise<void> {
    this.openId = id;
    if (this.messagesOf(id).log) this.completed(id);
    else if (!(await this.beginAtEnd(id, unread, at))) return;
    if (at !== undefined) await this.loadAround(id, at).catch(() => undefined);
  }

  /** It leaves the screen, and only its end is kept. */
  close(id: string): void {
    if (this.openId === id) this.openId = undefined;
    this.changeLog(id, (log) => trimmed(log, KEPT));
    this.update(id, (state) => ({ ...state, earlier: [], edges: new Map() }));
  }

  /** Reads the page before a message. */
  async loadBefore(id: string, seq: number): Promise<void> {
    await this.extend(id, `before ${seq}`, seq, { before: seq, limit: PAGE });
  }

  /** Reads the page after a message. */
  async loadAfter(id: string, seq: number): Promise<void> {
    await this.extend(id, `after ${seq}`, seq, { after: seq, limit: PAGE });
  }

  /** Reads what stands around a message; whether it is there. */
  async loadAround(id: string, seq: number): Promise<boolean> {
    if (this.isBeyond(id, seq)) await this.crossGap(id);
    if (!this.at(id, seq)) await this.take(id, seq, { around: seq, limit: PAGE });
    return this.at(id, seq) !== undefined;
  }

  /** Reads the newest replies in a thread, or those before one, for as long as the conversation is loaded. */
  async loadThread(id: string, rootId: string, before?: number): Promise<MessagePage> {
    let page!: MessagePage;
    await this.reading(id, async (heard) => {
      const place = before === undefined ? {} : { before };
      page = await this.api.messages(id, { thread: rootId, limit: MAX_PAGE, ...place });
      this.meet(page.messages);
      const replies = heard.filter(({ threadOf }) => threadOf === rootId);
      return () => this.keep(id, [...page.messages, ...replies], heard);
    });
    return page;
  }

  /** Reads one message that is quoted. */
  async loadMessage(id: string, messageId: string): Promise<void> {
    await this.reading(id, async (heard) => {
      const message = await this.api.message(id, messageId);
      this.meet([message]);
      return () => this.keep(id, [message], heard);
    });
  }

  /** Where a synchronisation has to begin: the logs that are kept here, the one on screen first. */
  positions(): Head[] {
    return [...this.loaded()]
      .flatMap(([conversationId, { log }]) => (log ? [{ conversationId, rev: log.position }] : []))
      .sort(
        (a, b) =>
          Number(b.conversationId === this.openId) - Number(a.conversationId === this.openId),
      )
      .slice(0, MAX_POSITIONS);
  }

  /** Notes where everything stands; true if a log is behind that. */
  isBehind(heads: readonly Head[]): boolean {
    for (const { conversationId, rev } of heads) this.noteHead(conversationId, rev);
    return heads.some(({ conversationId }) => this.isLogBehind(conversationId));
  }

  /** Whether more was heard of than any of the logs has. */
  areBehind(): boolean {
    return [...this.loaded().keys()].some((id) => this.isLogBehind(id));
  }

  applyStep(step: ConversationStep): void {
    const id = step.conversationId;
    this.noteHead(id, step.toRev);
    this.hear(id, step);
    const { log } = this.messagesOf(id);
    if (!log) return;
    const result = withStep(log, step);
    if (result.placement === 'gap') this.holes.found();
    else this.changeLog(id, () => result.log);
  }

  applyReceipt(receipt: SendReceipt, sent: SentMessage): void {
    this.changeLog(receipt.conversationId, (log) => withReceipt(log, receipt, sent));
  }

  /** What was kept of a conversation is void: its newest messages take its place, if it is kept at all. */
  reset(page: MessagePage): void {
    const id = page.conversationId;
    const isWanted = this.loaded().has(id) || this.openId === id;
    this.forget(id);
    if (isWanted) this.begin(page);
  }

  forget(id: string): void {
    this.heard.delete(id);
    this.loaded.update((all) => new Map([...all].filter(([key]) => key !== id)));
  }

  /** The server has another history. What is on screen is sent anew or, if it is not there, said to be lost. */
  forgetAll(): void {
    this.heads.clear();
    this.heard.clear();
    this.loaded.set(new Map());
  }

  /** A synchronisation is over. What it has not brought up to date is read when it is next looked at. */
  synchronised(heads: readonly Head[]): void {
    const reached = new Map(heads.map(({ conversationId, rev }) => [conversationId, rev]));
    for (const [id, { log }] of this.loaded()) {
      if (!log || log.position >= (reached.get(id) ?? 0)) continue;
      this.forget(id);
      if (id === this.openId) void this.open(id);
    }
  }

  /**
   * Begins with what an earlier visit kept, if that reaches as far as is wanted: a range that ends at a gap, which a
   * synchronisation closes. Otherwise with the newest page; false if there is neither.
   */
  private async beginAtEnd(id: string, unread: number, at: number | undefined): Promise<boolean> {
    this.change(id, (state) => ({ ...state, problem: undefined }));
    const kept = await this.archive.log(id);
    const isEnough = kept && unread <= kept.messages.length && (at ?? 0) <= lastSeq(kept);
    if (isEnough && this.resume(id, kept)) return true;
    try {
      const page = await this.api.messages(id, { limit: pageSize(unread) });
      this.archive.page(page);
      this.begin(page);
      return true;
    } catch (error) {
      if (kept && this.resume(id, kept)) return true;
      this.change(id, (state) => ({ ...state, problem: toProblem(error) }));
      return false;
    }
  }

  private begin(page: MessagePage): void {
    const id = page.conversationId;
    this.meet(page.messages);
    this.change(id, () => ({ ...NOTHING, log: logFromPage(page) }));
    this.completed(id);
  }

  /** Goes on from what was kept of an earlier visit; false if that was made void meanwhile. */
  private resume(id: string, log: ConversationLog): boolean {
    const state = this.loaded().get(id);
    if (!state || state.log) return state?.log !== undefined;
    this.meet(log.messages);
    this.change(id, () => ({ ...NOTHING, log }));
    this.completed(id);
    return true;
  }

  private isBeyond(id: string, seq: number): boolean {
    const { log } = this.messagesOf(id);
    return log !== undefined && seq > lastSeq(log);
  }

  /** Begins anew behind the gap that a log of an earlier visit ends at, when its other side is what is wanted. */
  private async crossGap(id: string): Promise<void> {
    const page = await this.api.messages(id, { limit: PAGE });
    const { log } = this.messagesOf(id);
    if (!log || log.position >= page.rev) return;
    this.archive.page(page);
    this.begin(page);
  }

  private completed(id: string): void {
    if (this.isLogBehind(id)) this.holes.found();
  }

  private isLogBehind(id: string): boolean {
    const { log } = this.messagesOf(id);
    return log !== undefined && log.position < (this.heads.get(id) ?? 0);
  }

  private noteHead(id: string, rev: number): void {
    this.heads.set(id, Math.max(this.heads.get(id) ?? 0, rev));
  }

  /**
   * Reads something beside the log. The rows that come meanwhile may be newer, and are handed to what takes the
   * answer over. It is not taken over when the conversation was forgotten or reset meanwhile.
   */
  private async reading(
    id: string,
    read: (heard: readonly Message[]) => Promise<() => void>,
  ): Promise<void> {
    const heard: Message[] = [];
    const all = this.heard.get(id) ?? new Set();
    this.heard.set(id, all.add(heard));
    try {
      const takeOver = await read(heard);
      if (this.heard.get(id) === all) takeOver();
    } finally {
      all.delete(heard);
    }
  }

  private async extend(id: string, edge: Edge, seq: number, request: PageRequest): Promise<void> {
    if (this.messagesOf(id).edges.get(edge) === 'loading') return;
    this.edge(id, edge, 'loading');
    try {
      await this.take(id, seq, request);
      this.edge(id, edge, undefined);
    } catch (error) {
      this.edge(id, edge, toProblem(error));
    }
  }

  private edge(id: string, edge: Edge, what: 'loading' | Problem | undefined): void {
    this.update(id, (state) => {
      const edges = new Map(state.edges);
      if (what) edges.set(edge, what);
      else edges.delete(edge);
      return { ...state, edges };
    });
  }

  /** Reads a page and keeps it where it belongs; what is far from it may be forgotten. */
  private async take(id: string, seq: number, request: PageRequest): Promise<void> {
    await this.reading(id, async (heard) => {
      const page = await this.api.messages(id, request);
      this.meet(page.messages);
      return () =>
        this.changeRanges(id, (ranges) => {
          if (page.messages.length > 0) {
            return pruned(withPage(ranges, page, heard), seq, IN_MEMORY);
          }
          return request.before === undefined ? ranges : withBeginningAt(ranges, request.before);
        });
    });
  }

  private changeRanges(id: string, change: (ranges: LoadedRanges) => LoadedRanges): void {
    this.update(id, (state) => {
      const { log, earlier } = state;
      return log ? { ...state, ...change({ log, earlier }) } : state;
    });
  }

  private hear(id: string, step: ConversationStep): void {
    const messages = step.rows.flatMap((row) => (row.type === 'message' ? [row.message] : []));
    this.meet(messages);
    for (const heard of this.heard.get(id) ?? []) heard.push(...messages);
    const { loose, earlier } = this.messagesOf(id);
    const changed = messages.reduce(withChange, earlier);
    if (changed !== earlier) this.update(id, (state) => ({ ...state, earlier: changed }));
    const known = messages.filter(({ messageId }) => loose.has(messageId));
    if (known.length > 0) this.keep(id, known, []);
  }

  private keep(id: string, messages: readonly Message[], heard: readonly Message[]): void {
    const ids = new Set(messages.map(({ messageId }) => messageId));
    const newer = heard.filter(({ messageId }) => ids.has(messageId));
    this.update(id, (state) => {
      const loose = new Map(state.loose);
      for (const message of [...messages, ...newer]) {
        loose.set(message.messageId, newerRow(loose.get(message.messageId), message));
      }
      return { ...state, loose };
    });
  }

  /** The names of everybody who will be shown. */
  private meet(messages: readonly Message[]): void {
    void this.people.ensure(messages.flatMap(peopleIn));
  }

  private changeLog(id: string, change: (log: ConversationLog) => ConversationLog): void {
    const { log } = this.messagesOf(id);
    const next = log && change(log);
    if (next && next !== log) this.update(id, (state) => ({ ...state, log: next }));
  }

  /** What was forgotten meanwhile stays so. */
  private update(id: string, change: (state: LoadedMessages) => LoadedMessages): void {
    if (this.loaded().has(id)) this.change(id, change);
  }

  private change(id: string, change: (state: LoadedMessages) => LoadedMessages): void {
    this.loaded.update((all) => new Map(all).set(id, change(all.get(id) ?? NOTHING)));
  }
}

function peopleIn({ senderId, system, mentions, replyTo }: Message): string[] {
  const told = system && 'userId' in system ? [system.userId] : [];
  return [senderId, ...told, ...(mentions?.userIds ?? []), ...(replyTo ? [replyTo.senderId] : [])];
}
