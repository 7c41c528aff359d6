import { message, messages, page, receipt, received } from '../../../testing/builders';
import {
  ConversationLog,
  logFromPage,
  trimmed,
  withEvent,
  withNewerPage,
  withOlderPage,
  withReceipt,
} from './conversation-log';

const seqs = (log: ConversationLog) => log.messages.map(({ seq }) => seq);

describe('a conversation log', () => {
  it('begins with the newest page, whose rev is its position', () => {
    const log = logFromPage({ ...page(51, 100), rev: 130 });
    expect(log.position).toBe(130);
    expect(log.hasBefore).toBe(true);
    expect(seqs(log)).toHaveLength(50);
  });

  it('puts older messages before it and keeps its position', () => {
    const log = withOlderPage(logFromPage(page(4, 6)), { ...page(1, 3, 99), rev: 99 });
    expect(seqs(log)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(log.position).toBe(6);
    expect(log.hasBefore).toBe(false);
  });

  it('refuses an older page that would leave a hole', () => {
    const log = logFromPage(page(10, 12));
    expect(withOlderPage(log, page(1, 3, 12))).toBe(log);
  });

  it('applies the next event', () => {
    const { fromRev, toRev, ...next } = received(4);
    const result = withEvent(logFromPage(page(1, 3)), { fromRev, toRev }, next);
    expect(result.placement).toBe('next');
    expect(seqs(result.log)).toEqual([1, 2, 3, 4]);
    expect(result.log.position).toBe(4);
  });

  it('moves its position by an event without a message', () => {
    const result = withEvent(logFromPage(page(1, 3)), { fromRev: 3, toRev: 4 });
    expect(result.log.position).toBe(4);
    expect(seqs(result.log)).toEqual([1, 2, 3]);
  });

  it('leaves itself alone when an event is known or comes too early', () => {
    const log = logFromPage(page(1, 3));
    expect(withEvent(log, received(3), message(3))).toEqual({ log, placement: 'known' });
    expect(withEvent(log, received(5), message(5))).toEqual({ log, placement: 'gap' });
  });

  it('never shows a message whose predecessor is missing, whatever the revs say', () => {
    const log = logFromPage(page(1, 3));
    expect(withEvent(log, { fromRev: 3, toRev: 4 }, message(9))).toEqual({ log, placement: 'gap' });
  });

  it('is filled by newer pages, of which only the last moves the position', () => {
    const start = logFromPage(page(1, 3));
    const half = withNewerPage(start, page(4, 5, 8));
    expect(half.position).toBe(3);
    const full = withNewerPage(half, page(6, 8));
    expect(full.position).toBe(8);
    expect(seqs(full)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('lets no row replace one with a higher rev', () => {
    const edited = message(3, { rev: 7, body: 'edited' });
    const log: ConversationLog = {
      position: 7,
      messages: [...messages(1, 2), edited],
      hasBefore: false,
    };
    const again = withNewerPage(log, { ...page(3, 4), rev: 4 });
    expect(again.messages[2]?.body).toBe('edited');
    expect(again.position).toBe(7);
  });

  it('shows an acknowledged message at once, and moves only when its event comes', () => {
    const shown = withReceipt(logFromPage(page(1, 3)), receipt(4, 'mine'), 'ana', 'hello');
    expect(shown.messages[3]).toMatchObject({ seq: 4, clientId: 'mine', body: 'hello' });
    expect(shown.position).toBe(3);
    const { log } = withEvent(shown, { fromRev: 3, toRev: 4 }, message(4, { clientId: 'mine' }));
    expect(seqs(log)).toEqual([1, 2, 3, 4]);
    expect(log.position).toBe(4);
  });

  it('does not show an acknowledged message before those that came between', () => {
    const log = logFromPage(page(1, 3));
    expect(withReceipt(log, receipt(6, 'mine'), 'ana', 'hello')).toBe(log);
  });

  it('keeps only its end when nobody looks', () => {
    const log = trimmed(logFromPage(page(1, 50)), 20);
    expect(seqs(log)[0]).toBe(31);
    expect(log.hasBefore).toBe(true);
    expect(log.position).toBe(50);
  });
});
