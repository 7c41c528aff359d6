import { TestBed } from '@angular/core/testing';
import { message, page, posted, step, user } from '../../../testing/builders';
import { ConversationsApi, PageRequest } from '../api/conversations-api';
import { PeopleApi } from '../api/people-api';
import { Problem } from '../api/problem';
import { Message, MessagePage } from '../api/generated/models';
import { Holes } from './holes';
import { MessagesStore } from './messages-store';

describe('the messages of a conversation', () => {
  let store: MessagesStore;
  let requests: PageRequest[];
  let holes: number;
  /** How the server answers, by how many messages it has. */
  let serve: (request: PageRequest) => Promise<MessagePage>;
  let serveOne: (messageId: string) => Promise<Message>;

  const serving = (lastSeq: number) => (request: PageRequest) => {
    const end = request.around === undefined ? request.before : request.around + 25;
    const to = Math.min(lastSeq, end === undefined ? lastSeq : end - 1);
    return Promise.resolve(page(Math.max(1, to - (request.limit ?? 50) + 1), to, lastSeq));
  };
  const loadOlder = () => store.loadBefore('c', seqs()[0] ?? 1);
  const known = () => store.messagesOf('c').log?.messages ?? [];
  const seqs = () => known().map(({ seq }) => seq);
  const upTo = (last: number, first = 1) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);

  beforeEach(() => {
    requests = [];
    holes = 0;
    serve = serving(3);
    serveOne = () => Promise.reject(new Problem('not_found'));
    const api: Partial<ConversationsApi> = {
      messages: (_id, request) => {
        requests.push(request);
        return serve(request);
      },
      message: (_id, messageId) => serveOne(messageId),
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: ConversationsApi, useValue: api },
        { provide: PeopleApi, useValue: { get: () => Promise.resolve(user()) } },
      ],
    });
    TestBed.inject(Holes).onFound(() => (holes += 1));
    store = TestBed.inject(MessagesStore);
  });

  it('follow live events without asking', async () => {
    await store.open('c');
    store.applyStep(posted(4));
    store.applyStep(posted(5));
    expect(seqs()).toEqual([1, 2, 3, 4, 5]);
    expect(requests).toHaveLength(1);
    expect(holes).toBe(0);
  });

  it('say so when something was missed, and take it from a synchronisation', async () => {
    await store.open('c');
    store.applyStep(posted(6));
    expect(holes).toBe(1);
    expect(store.positions()).toEqual([{ conversationId: 'c', rev: 3 }]);
    store.applyStep(step(3, 6, message(4), message(5), message(6)));
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(holes).toBe(1);
  });

  it('say so when something came while the first page was on its way', async () => {
    const early = page(1, 3);
    serve = () => {
      store.applyStep(posted(4));
      return Promise.resolve(early);
    };
    await store.open('c');
    expect(holes).toBe(1);
    expect(store.positions()).toEqual([{ conversationId: 'c', rev: 3 }]);
  });

  it('lose no change of an old message that came while its page was on its way', async () => {
    serve = serving(80);
    await store.open('c');
    serve = (request) => {
      store.applyStep(step(80, 81, message(10, { rev: 81, body: 'edited' })));
      return serving(80)(request);
    };
    await loadOlder();
    expect(seqs()).toEqual(upTo(80));
    expect(store.find('c', 'm10', 10)?.body).toBe('edited');
  });

  it('take over nothing that was asked for before a reset', async () => {
    serve = serving(80);
    await store.open('c');
    serve = (request) => {
      store.reset({ ...page(31, 80), rev: 300 });
      return serving(80)(request);
    };
    await loadOlder();
    expect(seqs()).toEqual(upTo(80, 31));
  });

  it('begin anew by a reset, which only concerns what is kept', async () => {
    await store.open('c');
    store.reset({ ...page(900, 950), rev: 990 });
    expect(seqs()).toEqual(upTo(950, 900));
    store.reset({ ...page(1, 3), conversationId: 'other' });
    expect(store.messagesOf('other').log).toBeUndefined();
  });

  it('follow what is shown besides: replies of a thread, quoted messages', async () => {
    serve = serving(80);
    await store.open('c');
    serveOne = () => {
      store.applyStep(step(80, 81, message(2, { rev: 81, body: 'edited' })));
      return Promise.resolve(message(2));
    };
    await store.loadMessage('c', 'm2');
    expect(store.find('c', 'm2', 2)?.body).toBe('edited');
    store.applyStep(step(81, 82, message(2, { rev: 82, body: 'edited again' })));
    expect(store.find('c', 'm2', 2)?.body).toBe('edited again');
    serve = () => Promise.resolve({ ...page(5, 5), messages: [message(5, { threadOf: 'm2' })] });
    await store.loadThread('c', 'm2');
    expect(store.find('c', 'm5')?.threadOf).toBe('m2');
    expect(seqs()).toEqual(upTo(80, 31));
  });

  it('are read anew when a synchronisation has not brought them up to date', async () => {
    await store.open('c');
    serve = serving(9);
    store.synchronised([{ conversationId: 'c', rev: 9 }]);
    await vi.waitFor(() => {
      expect(seqs()).toEqual(upTo(9));
    });
  });

  it('reach back page by page, and say so when they cannot', async () => {
    serve = serving(120);
    await store.open('c');
    await loadOlder();
    expect(seqs()).toEqual(upTo(120, 21));
    serve = () => Promise.reject(new Problem('unreachable'));
    await loadOlder();
    expect(store.messagesOf('c').edges.get('before 21')).toMatchObject({ code: 'unreachable' });
    serve = serving(120);
    await loadOlder();
    expect(seqs()).toEqual(upTo(120));
    expect(store.messagesOf('c').log?.hasBefore).toBe(false);
  });

  it('read what stands around an old message, apart from the newest', async () => {
    serve = serving(300);
    await store.open('c', { at: 100 });
    expect(store.at('c', 100)?.seq).toBe(100);
    expect(store.at('c', 200)).toBeUndefined();
    expect(seqs()).toEqual(upTo(300, 251));
    store.applyStep(step(300, 301, message(100, { rev: 301, body: 'edited' })));
    expect(store.at('c', 100)?.body).toBe('edited');
    expect(store.messagesOf('c').log?.position).toBe(301);
    store.close('c');
    expect(store.at('c', 100)).toBeUndefined();
  });
});
