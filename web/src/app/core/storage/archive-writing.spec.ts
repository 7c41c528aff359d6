import * as fc from 'fast-check';
import { conversation, message, page, posted, step, user } from '../../../testing/builders';
import { emptyStorage, useFakeStorage } from '../../../testing/fake-storage';
import { LogModel } from '../../../testing/log-model';
import { ConversationStep } from '../api/events';
import { SyncPage } from '../api/generated/models';
import { readBeginning, readLog } from './archive-reading';
import { ArchiveDatabase, openArchive } from './archive-schema';
import { Batch, KEPT_LOGS, KEPT_MESSAGES, LogChange, write, Written } from './archive-writing';

describe('what is kept of conversations', () => {
  useFakeStorage();
  let database: ArchiveDatabase;
  let clock: number;

  beforeEach(async () => {
    clock = 0;
    database = await openArchive('test');
  });

  const batch = (changes: LogChange[], fields: Partial<Batch> = {}): Promise<Written> =>
    write(database, { changes, conversations: [], gone: [], people: [], ...fields }, ++clock);
  const stepped = (...steps: ConversationStep[]) =>
    batch(steps.map((step) => ({ type: 'step', step })));
  const began = (from: number, to: number, isReset = false) =>
    batch([{ type: 'page', page: page(from, to), isReset }]);
  const log = () => readLog(database, 'c');
  const seqs = async () => (await log())?.messages.map(({ seq }) => seq);

  it('begins with a page and goes on with steps', async () => {
    await began(3, 5);
    await stepped(posted(6), posted(7));
    expect(await seqs()).toEqual([3, 4, 5, 6, 7]);
    expect(await log()).toMatchObject({ position: 7, hasBefore: true });
  });

  it('takes a step once, and no row in place of a newer one', async () => {
    await began(1, 3);
    await stepped(step(3, 9, message(2, { rev: 9, body: 'edited twice' })), posted(3));
    await stepped(step(9, 10, message(2, { rev: 8, body: 'edited once' })));
    expect((await log())?.messages[1]?.body).toBe('edited twice');
    expect((await log())?.position).toBe(10);
  });

  it('says what a step does not join, and keeps its place', async () => {
    await began(1, 3);
    const { behind, positions } = await stepped(posted(6));
    expect([...behind]).toEqual(['c']);
    expect(positions.get('c')).toBe(3);
    const mended = await stepped(step(3, 6, message(4), message(5), message(6)));
    expect([...mended.behind]).toEqual([]);
    expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('ignores an older page, unless it is a reset', async () => {
    await began(1, 5);
    await began(1, 3);
    expect(await seqs()).toEqual([1, 2, 3, 4, 5]);
    await began(1, 3, true);
    expect(await seqs()).toEqual([1, 2, 3]);
  });

  it('keeps the newest messages of a long conversation', async () => {
    await began(1, 10);
    const many = Array.from({ length: 2 * KEPT_MESSAGES }, (_, index) => posted(11 + index));
    await stepped(...many);
    const kept = (await seqs()) ?? [];
    expect(kept.length).toBeLessThanOrEqual(2 * KEPT_MESSAGES);
    expect(kept.at(-1)).toBe(10 + 2 * KEPT_MESSAGES);
    expect((await log())?.hasBefore).toBe(true);
  });

  it('keeps the conversations that were touched last', async () => {
    await began(1, 3);
    for (let index = 0; index < KEPT_LOGS; index++) {
      const other = { ...page(1, 1), conversationId: `other ${String(index)}`, messages: [] };
      await batch([{ type: 'page', page: other, isReset: false }]);
    }
    expect(await log()).toBeUndefined();
    expect(await readLog(database, `other ${String(KEPT_LOGS - 1)}`)).toBeDefined();
  });

  it('writes rows, positions and the list together or not at all', async () => {
    await began(1, 3);
    const unstorable = { ...conversation(), name: (() => 'a function') as unknown as string };
    const attempt = batch([{ type: 'step', step: posted(4) }], {
      conversations: [unstorable],
      list: { epoch: 'e', userRev: 4 },
    });
    await expect(attempt).rejects.toThrow();
    expect(await log()).toMatchObject({ position: 3 });
    expect(await seqs()).toEqual([1, 2, 3]);
    expect(await readBeginning(database)).toBeUndefined();
  });

  it('forgets what one is no longer in', async () => {
    await began(1, 3);
    const list = { epoch: 'e', userRev: 4 };
    await batch([], { list, conversations: [conversation()], people: [user()] });
    await batch([{ type: 'lost', conversationId: 'c' }], { list, gone: ['c'] });
    expect(await log()).toBeUndefined();
    expect(await readBeginning(database)).toMatchObject({ conversations: [], people: [user()] });
  });

  it('shows nothing of a log that has lost a row', async () => {
    await began(1, 3);
    await database.delete('messages', ['c', 2]);
    expect(await log()).toBeUndefined();
  });

  it('equals what the server has, whatever is lost, doubled, re-ordered or written apart', async () => {
    const happening = fc.record({
      what: fc.constantFrom('post', 'reply', 'edit', 'delete', 'join', 'rename', 'unseen'),
      which: fc.nat(1_000),
      /** How the step travels: not at all, once, twice, or behind others. */
      fate: fc.constantFrom('lost', 'once', 'once', 'once', 'twice', 'late'),
      /** Whether what has gathered is written now. */
      isWritten: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (happenings) => {
        emptyStorage();
        database = await openArchive('test');
        const model = new LogModel();
        model.post();
        await batch([{ type: 'page', page: model.page({ limit: 1 }), isReset: false }]);
        let gathered: ConversationStep[] = [];
        const late: ConversationStep[] = [];
        for (const { what, which, fate, isWritten } of happenings) {
          const told = happen(model, what, which);
          if (fate === 'once' || fate === 'twice') gathered.push(told);
          if (fate === 'twice') gathered.push(told);
          if (fate === 'late') late.unshift(told);
          if (!isWritten) continue;
          await stepped(...gathered);
          gathered = [];
        }
        await stepped(...gathered, ...late);
        await synchronise(model);
        const first = (await log())?.messages[0]?.seq ?? 1;
        expect((await log())?.messages).toEqual(model.messages.slice(first - 1));
        expect((await log())?.position).toBe(model.rev);
      }),
      { numRuns: 100 },
    );
  }, 30_000);

  /** What the server answers to where the log stands. */
  async function synchronise(model: LogModel): Promise<void> {
    const rev = (await log())?.position ?? 0;
    const request = { epoch: model.epoch, userRev: 0, positions: [{ conversationId: 'c', rev }] };
    await batch(model.sync(request).flatMap(changeOf));
  }
});

function changeOf(answer: SyncPage): LogChange[] {
  if (answer.type === 'changes') return [{ type: 'step', step: answer }];
  return answer.type === 'reset' ? [{ type: 'page', page: answer.page, isReset: true }] : [];
}

function happen(model: LogModel, what: string, which: number): ConversationStep {
  const seq = 1 + (which % model.messages.length);
  switch (what) {
    case 'post':
      return model.post();
    case 'reply':
      return model.post({ threadOf: 'm1' });
    case 'edit':
      return model.change(seq, { body: `edit ${String(model.rev)}` });
    case 'delete':
      return model.change(seq, { deletedAt: '2026-11-23T12:00:00Z', body: '' });
    case 'join':
      return model.member('bea', which % 2 === 0);
    case 'rename':
      return model.rename(`name ${String(model.rev)}`);
    default:
      return model.advance();
  }
}
