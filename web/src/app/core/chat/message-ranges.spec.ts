import { message, messages } from '../../../testing/builders';
import { Message } from '../api/generated/models';
import { LoadedRanges, loadedAt, pruned, rangesOf, withChange, withPage } from './message-ranges';

const log = (from: number, to: number, hasBefore = from > 1): LoadedRanges => ({
  log: { position: to, messages: messages(from, to), hasBefore },
  earlier: [],
});
const page = (from: number, to: number) => ({ messages: messages(from, to), hasBefore: from > 1 });
const shape = (ranges: LoadedRanges) =>
  rangesOf(ranges).map(({ messages: rows }) => [rows[0]?.seq, rows.at(-1)?.seq]);

describe('the loaded ranges of a conversation', () => {
  it('keep a page that does not touch the log apart from it', () => {
    const ranges = withPage(log(90, 100), page(40, 60));
    expect(shape(ranges)).toEqual([
      [40, 60],
      [90, 100],
    ]);
    expect(loadedAt(ranges, 50)?.seq).toBe(50);
    expect(loadedAt(ranges, 75)).toBeUndefined();
    expect(loadedAt(ranges, 95)?.seq).toBe(95);
  });

  it('join what a page connects, from either side', () => {
    let ranges = withPage(log(90, 100), page(40, 60));
    ranges = withPage(ranges, page(61, 70));
    ranges = withPage(ranges, page(80, 89));
    expect(shape(ranges)).toEqual([
      [40, 70],
      [80, 100],
    ]);
    ranges = withPage(ranges, page(65, 85));
    expect(shape(ranges)).toEqual([[40, 100]]);
    expect(ranges.log.hasBefore).toBe(true);
    expect(withPage(ranges, page(1, 39)).log.hasBefore).toBe(false);
  });

  it('do not let a page bring back what a message said before', () => {
    const edited = message(50, { rev: 120, body: 'edited' });
    const ranges = withPage(log(90, 100), page(40, 60), [edited]);
    expect(loadedAt(ranges, 50)?.body).toBe('edited');
    expect(loadedAt(withPage(ranges, page(45, 55)), 50)?.body).toBe('edited');
  });

  it('take no page in that lies beyond the log', () => {
    const ranges = log(90, 100);
    expect(withPage(ranges, page(102, 110))).toBe(ranges);
    expect(shape(withPage(ranges, page(95, 103)))).toEqual([[90, 103]]);
  });

  it('take a change in where it belongs', () => {
    const ranges = withPage(log(90, 100), page(40, 60));
    const changed = (row: Message) => withChange(ranges.earlier, row);
    expect(changed(message(41, { rev: 120 }))[0]?.messages[1]?.rev).toBe(120);
    expect(changed(message(41, { rev: 1 }))[0]?.messages[1]?.rev).toBe(41);
    expect(changed(message(70, { rev: 120 }))).toBe(ranges.earlier);
  });

  it('forget what is far away, and know that it is missing', () => {
    const limits = { limit: 100, around: 20, newest: 10 };
    const ranges = pruned(log(1, 500), 100, limits);
    expect(shape(ranges)).toEqual([
      [80, 120],
      [491, 500],
    ]);
    expect(ranges.earlier[0]?.hasBefore).toBe(true);
    expect(ranges.log.position).toBe(500);
    expect(pruned(ranges, 100, limits)).toBe(ranges);
    expect(shape(pruned(log(1, 500), 495, limits))).toEqual([[475, 500]]);
  });

  it('are the same in whatever order pages come', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const loaded = new Set([96, 97, 98, 99, 100]);
      let ranges = log(96, 100);
      for (let step = 0; step < 12; step++) {
        const from = 1 + random(95);
        const to = Math.min(100, from + random(12));
        ranges = withPage(ranges, page(from, to));
        for (let seq = from; seq <= to; seq++) loaded.add(seq);
      }
      const all = rangesOf(ranges).flatMap(({ messages: rows }) => rows.map(({ seq }) => seq));
      expect(all).toEqual([...loaded].sort((a, b) => a - b));
      const bounds = shape(ranges);
      bounds.slice(1).forEach(([first], index) => {
        expect((first ?? 0) - (bounds[index]?.[1] ?? 0)).toBeGreaterThan(1);
      });
    }
  });
});
