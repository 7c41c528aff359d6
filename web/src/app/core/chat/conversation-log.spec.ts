import * as fc from 'fast-check';
import { message, messages, page, posted, receipt, step } from '../../../testing/builders';
import { LogModel } from '../../../testing/log-model';
import { ConversationStep } from '../api/events';
import { ConversationLog, logFromPage, trimmed, withReceipt, withStep } from './conversation-log';
import { loadedAt, withPage } from './message-ranges';

const seqs = (log: ConversationLog) => log.messages.map(({ seq }) => seq);
const bodies = (log: ConversationLog) => log.messages.map(({ body }) => body);
const start = () => logFromPage(page(1, 3));

describe('a conversation log', () => {
  it('begins with the newest page, whose rev is its position', () => {
    const log = logFromPage({ ...page(51, 100), rev: 130 });
    expect(log.position).toBe(130);
    expect(log.hasBefore).toBe(true);
    expect(seqs(log)).toHaveLength(50);
  });

  it('applies the next step', () => {
    const result = withStep(start(), posted(4));
    expect(result.placement).toBe('next');
    expect(seqs(result.log)).toEqual([1, 2, 3, 4]);
    expect(result.log.position).toBe(4);
  });

  it('applies a step of many rows, new and changed', () => {
    const rows = [message(4, { rev: 6 }), message(2, { rev: 7, body: 'edited' }), message(5)];
    const { log } = withStep(start(), step(3, 9, ...rows));
    expect(bodies(log)).toEqual(['message 1', 'edited', 'message 3', 'message 4', 'message 5']);
    expect(log.position).toBe(9);
  });

  it('moves its position by a step without a message', () => {
    const { log } = withStep(start(), step(3, 4));
    expect(log.position).toBe(4);
    expect(seqs(log)).toEqual([1, 2, 3]);
  });

  it('only moves its position by a change of a message that is not loaded', () => {
    const { log, placement } = withStep(logFromPage(page(10, 12)), step(12, 13, message(2)));
    expect(placement).toBe('next');
    expect(seqs(log)).toEqual([10, 11, 12]);
    expect(log.position).toBe(13);
  });

  it('leaves itself alone when a step is known or comes too early', () => {
    const log = start();
    expect(withStep(log, posted(3))).toEqual({ log, placement: 'known' });
    expect(withStep(log, posted(5))).toEqual({ log, placement: 'gap' });
  });

  it('never shows a message whose predecessor is missing, whatever the revs say', () => {
    const log = start();
    expect(withStep(log, step(3, 4, message(9)))).toEqual({ log, placement: 'gap' });
  });

  it('keeps the row with the higher rev', () => {
    const ahead = { ...start(), messages: [message(1), message(2, { rev: 9, body: 'later' })] };
    const { log } = withStep(ahead, step(3, 5, message(2, { rev: 5, body: 'earlier' })));
    expect(bodies(log)).toEqual(['message 1', 'later']);
    expect(log.position).toBe(5);
  });

  it('begins with whatever comes first when it was empty', () => {
    const empty = logFromPage({ ...page(1, 0), rev: 4 });
    expect(seqs(withStep(empty, step(4, 5, message(7))).log)).toEqual([7]);
  });

  it('shows an own message by its receipt, and the event moves the position', () => {
    const log = withReceipt(start(), receipt(4, 'mine'), { senderId: 'ana', body: 'hello' });
    expect(bodies(log).at(-1)).toBe('hello');
    expect(log.position).toBe(3);
    const after = withStep(log, posted(4, { clientId: 'mine', senderId: 'ana', body: 'hello' }));
    expect(seqs(after.log)).toEqual([1, 2, 3, 4]);
    expect(after.log.position).toBe(4);
  });

  it('does not show an own message before what was said in between', () => {
    const log = start();
    expect(withReceipt(log, receipt(6, 'mine'), { senderId: 'ana', body: 'hello' })).toBe(log);
  });

  it('keeps only its end when nobody looks at it', () => {
    const log = trimmed({ position: 9, messages: messages(1, 9), hasBefore: false }, 4);
    expect(seqs(log)).toEqual([6, 7, 8, 9]);
    expect(log.hasBefore).toBe(true);
  });

  it('goes back nowhere and equals a fresh fetch, whatever is lost, doubled or told in another order', () => {
    const change = fc.record({
      what: fc.constantFrom('post', 'reply', 'edit', 'react', 'unseen'),
      /** One of the newest three, so that one changes again and again. */
      which: fc.nat(20),
    });
    const telling = fc.record({
      changes: fc.array(change, { maxLength: 30 }),
      /** Which of the steps are told, in which order, and how often. */
      told: fc.array(fc.nat(30), { maxLength: 60 }),
      begunAt: fc.nat(10),
    });
    fc.assert(
      fc.property(telling, ({ changes, told, begunAt }) => {
        const model = new LogModel();
        for (let count = 0; count <= begunAt; count++) model.post();
        let log = logFromPage(model.page({ limit: 3 }));
        const older = model.page({ before: log.messages[0]?.seq ?? 1, limit: 3 });
        const steps = changes.map(({ what, which }) => {
          const seq = Math.max(1, model.messages.length - (which % 3));
          if (what === 'post') return model.post();
          if (what === 'reply') return model.post({ threadOf: 'm1' });
          if (what === 'edit') return model.change(seq, { body: `edit ${String(model.rev)}` });
          if (what === 'unseen') return model.advance();
          return model.change(seq, { reactions: [{ emoji: '👍', userIds: ['bea'] }] });
        });
        const take = (step: ConversationStep) => {
          const next = withStep(log, step).log;
          for (const { seq, rev } of log.messages) {
            expect(loadedAt({ log: next, earlier: [] }, seq)?.rev).toBeGreaterThanOrEqual(rev);
          }
          log = next;
        };
        const hear = () => {
          for (const index of told) {
            const step = steps[index];
            if (step) take(step);
          }
        };
        const answer = (pages: number) => {
          const positions = [{ conversationId: 'c', rev: log.position }];
          const request = { epoch: model.epoch, userRev: 0, positions };
          for (const page of model.sync(request).slice(0, pages)) {
            if (page.type === 'reset') log = logFromPage(page.page);
            if (page.type === 'changes') take(page);
          }
        };
        hear();
        // The connection breaks in the middle of the answer, whose rows are newer than where it ends.
        answer(1);
        steps.forEach(take);
        hear();
        answer(Infinity);
        // A page that is older than all of that brings nothing back.
        const heard = steps.flatMap(({ rows }) =>
          rows.flatMap((row) => (row.type === 'message' ? [row.message] : [])),
        );
        ({ log } = withPage({ log, earlier: [] }, older, heard));
        const first = log.messages[0]?.seq ?? 1;
        expect(log.messages).toEqual(model.messages.slice(first - 1));
        expect(log.position).toBe(model.rev);
      }),
      { numRuns: 500 },
    );
  });
});
