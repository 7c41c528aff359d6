import { effect, inject, Service, untracked } from '@angular/core';
import { ConversationStep, Head } from '../api/events';
import { ConversationSummary, MessagePage, User } from '../api/generated/models';
import { SessionStore } from '../auth/session-store';
import { ConversationLog } from '../chat/conversation-log';
import { ConversationsStore } from '../chat/conversations-store';
import { Holes } from '../chat/holes';
import { PeopleStore } from '../chat/people-store';
import { Leadership } from '../realtime/leadership';
import { readBeginning, readLog } from './archive-reading';
import { ArchiveDatabase, openArchive } from './archive-schema';
import { Batch, LogChange, write } from './archive-writing';
import { archiveName, deleteArchives } from './databases';
import { lastVisit, rememberVisit } from './last-visit';

/** What comes within this time is written together. */
const GATHER_MS = 100;
/** So many conversations can be read without a network though they were never opened here. */
const WORTH_KEEPING = 20;

/**
 * What was received, kept on this device: the next visit shows it before the network has said a word, and without a
 * network at all. Steps and the positions that they lead to are written together or not at all. One tab writes, all
 * read. Where the browser keeps nothing, everything works as if there were no archive.
 */
@Service()
export class Archive {
  private readonly session = inject(SessionStore);
  private readonly conversations = inject(ConversationsStore);
  private readonly people = inject(PeopleStore);
  private readonly holes = inject(Holes);
  private readonly leadership = inject(Leadership);

  private database?: Promise<ArchiveDatabase>;
  private epoch?: string;
  private isBroken = typeof indexedDB === 'undefined';
  private changes: LogChange[] = [];
  private timer?: ReturnType<typeof setTimeout>;
  private writing: Promise<void> = Promise.resolve();
  private positionsKept = new Map<string, number>();
  private readonly behind = new Set<string>();
  /** What the database has of the list: what is the same object was written already. */
  private writtenSummaries: ReadonlyMap<string, ConversationSummary> = new Map();
  private writtenPeople: ReadonlyMap<string, User> = new Map();

  constructor() {
    effect(() => {
      this.conversations.snapshot();
      this.people.everybody();
      untracked(() => {
        this.schedule();
      });
    });
  }

  /** Shows what the last visit left, if it was this person's. */
  async restore(): Promise<void> {
    const visit = lastVisit();
    const userId = this.session.user()?.id;
    if (this.isBroken || !userId || visit?.user.id !== userId || !visit.epoch) return;
    await this.attempt(async () => {
      const beginning = await readBeginning(await this.open(userId, visit.epoch ?? ''));
      if (!beginning) return;
      this.positionsKept = beginning.positions;
      this.people.remember(beginning.people);
      this.writtenPeople = byId(beginning.people);
      this.conversations.restore(beginning.list, beginning.conversations);
      this.writtenSummaries = byId(beginning.conversations);
    });
  }

  /** The newest messages of a conversation, as far as they were kept. */
  async log(conversationId: string): Promise<ConversationLog | undefined> {
    const { database } = this;
    if (this.isBroken || !database) return undefined;
    const log = await this.attempt(async () => readLog(await database, conversationId));
    return this.database === database ? log : undefined;
  }

  step(step: ConversationStep): void {
    this.add({ type: 'step', step });
  }

  /** The newest page of a conversation; a reset voids what was kept of it. */
  page(page: MessagePage, isReset = false): void {
    this.add({ type: 'page', page, isReset });
  }

  lose(conversationId: string): void {
    this.add({ type: 'lost', conversationId });
  }

  /** The server has another history: what was heard of this one is void. */
  forgetAll(): void {
    this.changes = [];
  }

  /** Which of these conversations, the most important first, should be kept and are not. */
  lacking(ids: readonly string[]): string[] {
    if (!this.mayWrite()) return [];
    return ids.slice(0, WORTH_KEEPING).filter((id) => !this.positionsKept.has(id));
  }

  /** Where a synchronisation has to begin for the sake of what is kept here. */
  positions(): Head[] {
    if (!this.mayWrite()) return [];
    return [...this.positionsKept].map(([conversationId, rev]) => ({ conversationId, rev }));
  }

  /** Whether what is kept is behind these heads. */
  isBehind(heads: readonly Head[]): boolean {
    if (!this.mayWrite()) return false;
    return heads.some(({ conversationId, rev }) => {
      const position = this.positionsKept.get(conversationId);
      return position !== undefined && position < rev;
    });
  }

  /** Whether a step came that joined nothing. */
  areBehind(): boolean {
    return this.behind.size > 0;
  }

  /** Resolves when everything that was handed over so far is written. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.write());
    await this.writing;
  }

  private add(change: LogChange): void {
    if (!this.mayWrite()) return;
    this.changes.push(change);
    this.schedule();
  }

  private mayWrite(): boolean {
    return !this.isBroken && this.leadership.leads();
  }

  private schedule(): void {
    if (this.mayWrite()) this.timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  private async write(): Promise<void> {
    const userId = this.session.user()?.id;
    const { epoch, userRev, conversations } = this.conversations.snapshot();
    if (!this.mayWrite() || !userId || !epoch) return;
    const { changes } = this;
    this.changes = [];
    const people = this.people.everybody();
    await this.attempt(async () => {
      const database = await this.open(userId, epoch);
      const batch: Batch = {
        changes,
        list: { epoch, userRev },
        conversations: changed(this.writtenSummaries, conversations),
        gone: [...this.writtenSummaries.keys()].filter((id) => !conversations.has(id)),
        people: changed(this.writtenPeople, people),
      };
      const written = await write(database, batch, Date.now());
      this.writtenSummaries = conversations;
      this.writtenPeople = people;
      for (const id of written.forgotten) {
        this.positionsKept.delete(id);
        this.behind.delete(id);
      }
      for (const [id, position] of written.positions) {
        this.positionsKept.set(id, position);
        this.behind.delete(id);
      }
      for (const id of written.behind) this.behind.add(id);
      if (written.behind.size > 0) this.holes.found();
    });
  }

  /** The database of this history; those of others are void. */
  private open(userId: string, epoch: string): Promise<ArchiveDatabase> {
    if (this.database && this.epoch === epoch) return this.database;
    this.epoch = epoch;
    this.positionsKept = new Map();
    this.behind.clear();
    this.writtenSummaries = new Map();
    this.writtenPeople = new Map();
    const before = this.database;
    this.database = (async () => {
      (await before)?.close();
      const name = archiveName(userId, epoch);
      await deleteArchives(name);
      return openArchive(name);
    })();
    const user = this.session.user();
    if (user) rememberVisit({ user, epoch });
    return this.database;
  }

  /** A database that fails once, for want of space or because it was deleted, is not used again on this visit. */
  private async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!this.isBroken) console.warn('Hubbub keeps nothing on this device from now on.', error);
      this.isBroken = true;
      this.changes = [];
      return undefined;
    }
  }
}

function byId<T extends { id: string }>(values: readonly T[]): ReadonlyMap<string, T> {
  return new Map(values.map((value) => [value.id, value]));
}

/** The entries of the second map that are not the same objects in the first. */
function changed<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): T[] {
  return [...now].flatMap(([id, value]) => (before.get(id) === value ? [] : [value]));
}
