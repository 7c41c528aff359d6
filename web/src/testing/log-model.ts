import { PageRequest } from '../app/core/api/conversations-api';
import { ConversationStep, Heads, RevRange, UserStep } from '../app/core/api/events';
import {
  ConversationSummary,
  Message,
  MessagePage,
  PersonalState,
  Row,
  SyncPage,
  SyncRequest,
  UserChange,
} from '../app/core/api/generated/models';
import { conversation, message, user } from './builders';

const SYNC_PAGE = 3;
const MAX_BEHIND = 25;

/** A conversation as the server keeps it: rows as they stand now, each with the rev of its latest change. */
export class LogModel {
  rev = 0;
  epoch = 'first';
  readonly userLog: UserChange[] = [];
  private rows: Row[] = [];
  private readonly ownId = 'ana';
  private state: PersonalState = { lastReadSeq: 0, unreadCount: 0, mentionCount: 0, level: 'all' };

  get messages(): Message[] {
    return this.rows.flatMap((row) => (row.type === 'message' ? [row.message] : []));
  }

  post(fields: Partial<Message> = {}): ConversationStep {
    const seq = this.messages.length + 1;
    const rev = this.rev + 1;
    const posted = message(seq, { createdRev: rev, rev, ...fields });
    this.rows.push({ type: 'message', message: posted });
    if (posted.senderId === this.ownId && this.state.lastReadSeq === seq - 1) {
      this.state = { ...this.state, lastReadSeq: seq };
    }
    return this.step({ type: 'message', message: posted });
  }

  /** Edits, deletes, restores, pins, reacts: whatever gives an old message another row. */
  change(seq: number, fields: Partial<Message>): ConversationStep {
    const index = this.rows.findIndex((row) => row.type === 'message' && row.message.seq === seq);
    const before = this.messages.find((candidate) => candidate.seq === seq);
    const changed = { ...(before ?? message(seq)), ...fields, rev: this.rev + 1 };
    this.rows[index] = { type: 'message', message: changed };
    return this.step({ type: 'message', message: changed });
  }

  member(id: string, joined: boolean): ConversationStep {
    const row: Row = {
      type: 'member',
      user: user({ id, username: id, displayName: id }),
      ...(joined ? { role: 'member' as const } : {}),
      joined,
      rev: this.rev + 1,
    };
    this.rows = this.rows.filter((other) => other.type !== 'member' || other.user.id !== id);
    this.rows.push(row);
    return this.step(row);
  }

  rename(name: string): ConversationStep {
    const row: Row = { type: 'settings', name, history: 'joined', rev: this.rev + 1 };
    this.rows = this.rows.filter((other) => other.type !== 'settings');
    this.rows.push(row);
    return this.step(row);
  }

  /** Something happened that the reader may not see. */
  advance(): ConversationStep {
    return this.step();
  }

  read(seq: number): UserStep {
    this.state = { ...this.state, lastReadSeq: Math.max(seq, this.state.lastReadSeq) };
    const state: PersonalState = { ...this.state, ...this.counts() };
    this.userLog.push({ type: 'stateChanged', conversationId: 'c', ...state });
    return { ...range(this.userLog.length), changes: this.userLog.slice(-1) };
  }

  summary(): ConversationSummary {
    const settings = this.rows.find((row) => row.type === 'settings');
    const members = this.rows.filter((row) => row.type === 'member' && row.joined);
    return conversation({
      ...this.state,
      ...this.counts(),
      rev: this.rev,
      lastSeq: this.messages.length,
      lastMessage: this.messages.filter(({ threadOf }) => !threadOf).at(-1),
      memberCount: members.length,
      ...(settings ? { name: settings.name } : {}),
    });
  }

  heads(): Heads {
    const conversations = [{ conversationId: 'c', rev: this.rev }];
    return { epoch: this.epoch, userRev: this.userLog.length, conversations };
  }

  page({ before, around, limit = 50 }: PageRequest): MessagePage {
    const end = around === undefined ? (before ?? Infinity) : around + limit / 2;
    const visible = this.messages.filter(({ seq }) => seq < end);
    const messages = visible.slice(-limit);
    return {
      conversationId: 'c',
      rev: this.rev,
      lastSeq: this.messages.length,
      hasBefore: (messages[0]?.seq ?? 1) > 1,
      hasAfter: visible.length < this.messages.length,
      messages,
    };
  }

  /** What the server answers to `Sync`. */
  sync({ epoch, userRev, positions = [] }: SyncRequest): SyncPage[] {
    const list = {
      type: 'conversations' as const,
      userRev: this.userLog.length,
      conversations: [this.summary()],
    };
    const done = { type: 'done' as const, ...this.heads(), heads: this.heads().conversations };
    if (epoch !== undefined && epoch !== this.epoch) {
      const resets = positions.map(() => ({ type: 'reset' as const, page: this.page({}) }));
      return [{ type: 'epoch', epoch: this.epoch }, list, ...resets, done];
    }
    const pages: SyncPage[] = userRev === undefined ? [list] : this.userPages(userRev);
    for (const { rev } of positions) pages.push(...this.changesAfter(rev));
    return [...pages, done];
  }

  private userPages(rev: number): SyncPage[] {
    const toRev = this.userLog.length;
    if (rev === toRev) return [];
    const changes = this.userLog.slice(rev);
    return [{ type: 'user', fromRev: rev, toRev, asOfRev: toRev, changes }];
  }

  /** In the order in which they would have been told: what is new where it was created, the rest where it changed. */
  private changesAfter(rev: number): SyncPage[] {
    if (this.rev - rev > MAX_BEHIND) return [{ type: 'reset', page: this.page({}) }];
    const placed = this.rows
      .filter((row) => revOf(row) > rev)
      .map((row) => ({ row, at: createdRevOf(row) > rev ? createdRevOf(row) : revOf(row) }))
      .sort((a, b) => a.at - b.at);
    const pages: SyncPage[] = [];
    for (let from = rev, index = 0; from < this.rev; index += SYNC_PAGE) {
      const part = placed.slice(index, index + SYNC_PAGE);
      const isLast = index + SYNC_PAGE >= placed.length;
      const toRev = isLast ? this.rev : (part.at(-1)?.at ?? this.rev);
      const rows = part.map(({ row }) => row);
      pages.push({
        type: 'changes',
        conversationId: 'c',
        fromRev: from,
        toRev,
        asOfRev: this.rev,
        rows,
      });
      from = toRev;
    }
    return pages;
  }

  private counts(): Pick<PersonalState, 'unreadCount' | 'mentionCount'> {
    const unread = this.messages.filter(
      ({ seq, senderId, system, deletedAt, threadOf }) =>
        seq > this.state.lastReadSeq &&
        senderId !== this.ownId &&
        !system &&
        !deletedAt &&
        !threadOf,
    );
    const calling = unread.filter(({ mentions }) => mentions?.userIds.includes(this.ownId));
    return { unreadCount: unread.length, mentionCount: calling.length };
  }

  private step(row?: Row): ConversationStep {
    this.rev += 1;
    return { conversationId: 'c', ...range(this.rev), rows: row ? [row] : [] };
  }
}

/** Numbers that look random and are the same for the same seed. */
export function dice(seed: number): (sides: number) => number {
  let state = seed * 0x9e3779b9;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

function range(toRev: number): RevRange {
  return { fromRev: toRev - 1, toRev };
}

function revOf(row: Row): number {
  return row.type === 'message' ? row.message.rev : row.rev;
}

function createdRevOf(row: Row): number {
  return row.type === 'message' ? row.message.createdRev : 0;
}
