import { TestBed } from '@angular/core/testing';
import { page, received, user } from '../../../testing/builders';
import { ConversationsApi, PageRequest } from '../api/conversations-api';
import { PeopleApi } from '../api/people-api';
import { Problem } from '../api/problem';
import { MessagePage } from '../api/generated/models';
import { MessagesStore } from './messages-store';

describe('the messages of a conversation', () => {
  let store: MessagesStore;
  let requests: PageRequest[];
  /** How the server answers, by how many messages it has. */
  let serve: (request: PageRequest) => Promise<MessagePage>;

  const serving = (lastSeq: number) => (request: PageRequest) => {
    const limit = request.limit ?? 50;
    if (request.after !== undefined) {
      return Promise.resolve(
        page(request.after + 1, Math.min(lastSeq, request.after + limit), lastSeq),
      );
    }
    const to = request.before === undefined ? lastSeq : request.before - 1;
    return Promise.resolve(page(Math.max(1, to - limit + 1), to, lastSeq));
  };
  const seqs = () => (store.messagesOf('c').log?.messages ?? []).map(({ seq }) => seq);
  const upTo = (last: number, first = 1) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const heads = (rev: number) => ({
    epoch: 'e',
    userRev: 0,
    conversations: [{ conversationId: 'c', rev }],
  });

  beforeEach(() => {
    requests = [];
    serve = serving(3);
    const api: Partial<ConversationsApi> = {
      messages: (_id, request) => {
        requests.push(request);
        return serve(request);
      },
    };
    TestBed.configureTestingModule({
      providers: [
        { provide: ConversationsApi, useValue: api },
        { provide: PeopleApi, useValue: { get: () => Promise.resolve(user()) } },
      ],
    });
    store = TestBed.inject(MessagesStore);
  });

  it('follow live events without asking', async () => {
    await store.open('c', 0);
    store.applyMessage(received(4));
    store.applyMessage(received(5));
    expect(seqs()).toEqual([1, 2, 3, 4, 5]);
    expect(requests).toHaveLength(1);
  });

  it('are read on when an event shows that something was missed', async () => {
    await store.open('c', 0);
    serve = serving(6);
    store.applyMessage(received(6));
    await vi.waitFor(() => {
      expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    });
    expect(requests[1]).toMatchObject({ after: 3 });
  });

  it('lack nothing that came while the first page was on its way', async () => {
    const early = page(1, 3);
    serve = () => {
      // The server read its page, then a message arrived, and the event overtook the page.
      store.applyMessage(received(4));
      serve = serving(4);
      return Promise.resolve(early);
    };
    await store.open('c', 0);
    expect(seqs()).toEqual([1, 2, 3, 4]);
  });

  it('lack nothing that came while they were being filled', async () => {
    await store.open('c', 0);
    serve = () => {
      store.applyMessage(received(6));
      serve = serving(6);
      return Promise.resolve(page(4, 5));
    };
    store.applyMessage(received(5));
    await vi.waitFor(() => {
      expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });

  it('are filled in pages after a reconnect', async () => {
    await store.open('c', 0);
    serve = serving(450);
    store.applyHeads(heads(450), false);
    await vi.waitFor(() => {
      expect(seqs()).toEqual(upTo(450));
    });
    expect(requests.slice(1).map(({ after }) => after)).toEqual([3, 203, 403]);
  });

  it('are read afresh when far too much was missed', async () => {
    await store.open('c', 0);
    serve = serving(5_000);
    store.applyHeads(heads(5_000), false);
    await vi.waitFor(() => {
      expect(seqs()).toEqual(upTo(5_000, 4_951));
    });
  });

  it('are forgotten when they are behind and not on screen', async () => {
    await store.open('c', 0);
    store.close('c');
    store.applyHeads(heads(9), false);
    expect(store.messagesOf('c').log).toBeUndefined();
    expect(requests).toHaveLength(1);
  });

  it('are forgotten when the server has another history', async () => {
    await store.open('c', 0);
    serve = serving(1);
    store.applyHeads({ ...heads(1), epoch: 'other' }, true);
    await vi.waitFor(() => {
      expect(seqs()).toEqual([1]);
    });
  });

  it('are filled in the end, however often that fails', async () => {
    vi.useFakeTimers();
    await store.open('c', 0);
    serve = () => Promise.reject(new Problem('unreachable'));
    store.applyHeads(heads(5), false);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(requests.length).toBeGreaterThan(5);
    serve = serving(5);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(seqs()).toEqual([1, 2, 3, 4, 5]);
    vi.useRealTimers();
  });

  it('do not ask for ever when the server knows of no more', async () => {
    vi.useFakeTimers();
    await store.open('c', 0);
    store.applyHeads(heads(99), false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(2);
    vi.useRealTimers();
  });

  it('reach back page by page, and say so when they cannot', async () => {
    serve = serving(120);
    await store.open('c', 0);
    await store.loadOlder('c');
    expect(seqs()).toEqual(upTo(120, 21));
    serve = () => Promise.reject(new Problem('unreachable'));
    await store.loadOlder('c');
    expect(store.messagesOf('c').olderProblem?.code).toBe('unreachable');
    serve = serving(120);
    await store.loadOlder('c');
    expect(seqs()).toEqual(upTo(120));
    expect(store.messagesOf('c').log?.hasBefore).toBe(false);
  });
});
