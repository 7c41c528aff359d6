/** Microsoft's own SignalR client, unmodified, in Node: what any program that speaks SignalR can do with Hubbub. */

import { randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import type { Chatter } from '../support/chatter.ts';
import type {
  ConversationSummary,
  MessagePage,
  SendReceipt,
  SyncPage,
} from '../support/contract.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const RFC3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

test('a private message reaches the other side with everything that identifies it', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');

  const receipt = await alice.invoke<SendReceipt>('SendPrivateMessage', bob.user.id, 'Hello, Bob!');
  const message = await bob.next('ReceiveMessage', () => true);

  expect(message).toMatchObject({
    conversationId: receipt.conversationId,
    messageId: receipt.messageId,
    seq: 1,
    rev: receipt.rev,
    clientId: receipt.clientId,
    senderId: alice.user.id,
    body: 'Hello, Bob!',
    sentAt: receipt.sentAt,
  });
  expect(message.conversationId).toMatch(UUID);
  expect(message.messageId).toMatch(UUID);
  expect(message.sentAt).toMatch(RFC3339_UTC);
  expect(message.fromRev).toBeLessThan(message.rev);
  expect(message.toRev).toBe(message.rev);
});

test('two people who write to each other at once share one conversation', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');

  const [to, fro] = await Promise.all([
    alice.invoke<SendReceipt>('SendPrivateMessage', bob.user.id, 'crossing'),
    bob.invoke<SendReceipt>('SendPrivateMessage', alice.user.id, 'over'),
  ]);

  expect(to.conversationId).toBe(fro.conversationId);
  expect([to.seq, fro.seq].sort()).toEqual([1, 2]);
});

test('a group message reaches every member and nobody else', async () => {
  const [alice, bob, carol, dave] = await server.cast.connected('alice', 'bob', 'carol', 'dave');
  const friends = await group(alice, 'Friends', bob, carol);
  const gained = await bob.next(
    'UserChanged',
    ({ change }) => change.type === 'conversationGained',
  );
  expect(gained.change).toMatchObject({ conversation: { id: friends.id, name: 'Friends' } });

  await bob.invoke('SendToGroup', friends.id, 'to the group');
  await alice.invoke('SendPrivateMessage', dave.user.id, 'and now to Dave');

  for (const member of [alice, carol]) {
    const [message] = await member.messages(friends.id, 1);
    expect(message).toMatchObject({ body: 'to the group', senderId: bob.user.id });
  }
  // Sent later, so what Dave was to get before it, he would have by now.
  await dave.next('ReceiveMessage', ({ body }) => body === 'and now to Dave');
  expect(dave.messagesSoFar(friends.id)).toEqual([]);
});

test('a channel can be joined, and left again', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const channel = await alice.api.post<ConversationSummary>('/api/groups', {
    name: `Books ${randomUUID().slice(0, 8)}`,
    kind: 'channel',
  });

  const joined = await bob.invoke<ConversationSummary>('JoinGroup', channel.id);
  expect(joined).toMatchObject({ id: channel.id, joined: true, memberCount: 2 });
  await alice.next('MemberChanged', ({ user, joined }) => user.id === bob.user.id && joined);
  await alice.invoke('SendToGroup', channel.id, 'welcome');
  await bob.messages(channel.id, 1);

  await bob.invoke('LeaveGroup', channel.id);
  await alice.next('MemberChanged', ({ user, joined }) => user.id === bob.user.id && !joined);
  await alice.invoke('SendToGroup', channel.id, 'he is gone');
  await alice.invoke('SendPrivateMessage', bob.user.id, 'you missed something');
  await bob.next('ReceiveMessage', ({ body }) => body === 'you missed something');
  expect(bob.messagesSoFar(channel.id).map(({ body }) => body)).toEqual(['welcome']);
  await expect(bob.invoke('SendToGroup', channel.id, 'may I?')).rejects.toThrow(
    /HubException: (not_found|forbidden): /,
  );
});

test('typing and reading are seen by the others', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const { conversationId, seq } = await alice.invoke<SendReceipt>(
    'SendPrivateMessage',
    bob.user.id,
    'read me',
  );

  await bob.invoke('Typing', conversationId, true);
  await alice.next('UserTyping', (typing) => typing.isTyping && typing.userId === bob.user.id);
  await bob.invoke('Typing', conversationId, false);
  await alice.next('UserTyping', (typing) => !typing.isTyping && typing.userId === bob.user.id);

  expect(await unread(bob, conversationId)).toBe(1);
  await bob.invoke('MarkRead', conversationId, seq);
  expect(await unread(bob, conversationId)).toBe(0);
  const marker = await alice.next('ReadMarkerMoved', ({ userId }) => userId === bob.user.id);
  expect(marker).toEqual({ conversationId, userId: bob.user.id, seq });
});

test('people one shares a conversation with are seen coming and going', async () => {
  const alice = await server.cast.person('alice');
  const bob = await server.cast.person('bob');
  const stranger = await server.cast.person('stranger');
  await Promise.all([alice.connect(), stranger.connect()]);
  await leavesGeneral(stranger);
  await alice.api.post('/api/conversations/direct', { userId: bob.user.id });

  const watched = await alice.invoke('WatchPresence', [bob.user.id, stranger.user.id]);
  expect(watched).toHaveLength(2);
  expect(watched).toContainEqual(
    expect.objectContaining({ userId: bob.user.id, state: 'offline' }),
  );
  // Connected, but no business of Alice's.
  expect(watched).toContainEqual(
    expect.objectContaining({ userId: stranger.user.id, state: 'offline' }),
  );

  await bob.connect();
  const online = await alice.next('UserOnline', ({ userId }) => userId === bob.user.id);
  expect(online.state).toBe('active');

  const closed = bob.closed();
  await bob.api.post('/api/auth/logout', { refreshToken: bob.session.refreshToken });
  await closed;
  const offline = await alice.next('UserOffline', ({ userId }) => userId === bob.user.id);
  expect(offline.state).toBe('offline');
  expect(offline.version).toBeGreaterThan(online.version);
});

test('who does nothing but write to somebody sees them coming and going', async () => {
  const alice = await server.cast.person('alice');
  const bob = await server.cast.person('bob');
  await alice.connect();
  await alice.invoke('SendPrivateMessage', bob.user.id, 'Are you there?');

  await bob.connect();
  await alice.next('UserOnline', ({ userId }) => userId === bob.user.id);

  const closed = bob.closed();
  await bob.api.post('/api/auth/logout', { refreshToken: bob.session.refreshToken });
  await closed;
  await alice.next('UserOffline', ({ userId }) => userId === bob.user.id);
});

test('the same client id twice is one message and one receipt, on the hub and over HTTP', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const clientId = randomUUID();
  const send = (body: string) =>
    alice.invoke<SendReceipt>('SendPrivateMessage', bob.user.id, body, clientId);

  const [first, meanwhile] = await Promise.all([send('once'), send('once')]);
  const again = await send('once');
  const overHttp = await alice.api.post(`/api/users/${bob.user.id}/messages`, {
    body: 'once',
    clientId,
  });
  expect(first.clientId).toBe(clientId);
  expect([meanwhile, again, overHttp]).toEqual([first, first, first]);

  await expect(send('something else')).rejects.toThrow('HubException: idempotency_mismatch: ');

  await alice.invoke('SendPrivateMessage', bob.user.id, 'the second');
  const page = await history(bob, first.conversationId);
  expect(page.messages.map(({ seq, body }) => [seq, body])).toEqual([
    [1, 'once'],
    [2, 'the second'],
  ]);
  await bob.next('ReceiveMessage', ({ body }) => body === 'the second');
  expect(bob.messagesSoFar(first.conversationId)).toHaveLength(2);
});

test('a hundred concurrent sends are numbered without a hole and seen in one order', async () => {
  const people = await server.cast.connected('ann', 'ben', 'cleo', 'dan', 'eve');
  const [ann, ...others] = people;
  const crowd = await group(ann, 'Crowd', ...others);

  const receipts = await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      const sender = people[index % people.length] as Chatter;
      return sender.invoke<SendReceipt>('SendToGroup', crowd.id, `message ${index}`);
    }),
  );

  // The first place is that of the note that the group was founded.
  const numbers = Array.from({ length: 100 }, (_, index) => index + 2);
  expect(receipts.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers);
  const page = await history(ann, crowd.id, 100);
  expect(page.messages.map(({ seq }) => seq)).toEqual(numbers);
  for (const person of people) {
    const seen = await person.messages(crowd.id, 100);
    expect(seen.map(({ seq }) => seq)).toEqual(numbers);
    expect(seen.map(({ messageId }) => messageId)).toEqual(
      page.messages.map(({ messageId }) => messageId),
    );
  }
});

test('every event of a conversation begins where the one before it ended', async () => {
  const [alice, bob, carol] = await server.cast.connected('alice', 'bob', 'carol');
  const club = await group(alice, 'Club', bob);
  await bob.invoke('SendToGroup', club.id, 'one');
  await alice.api.post(`/api/groups/${club.id}/members`, { userId: carol.user.id });
  await alice.invoke('SendToGroup', club.id, 'two');
  await bob.messages(club.id, 2);

  const ranges = bob.received.flatMap(({ name, payload }) =>
    (name === 'ReceiveMessage' || name === 'MemberChanged') && payload.conversationId === club.id
      ? [[payload.fromRev, payload.toRev] as const]
      : [],
  );

  expect(ranges.length).toBeGreaterThanOrEqual(3);
  for (const [index, [fromRev, toRev]] of ranges.entries()) {
    expect(toRev).toBe(fromRev + 1);
    if (index > 0) expect(fromRev).toBe(ranges[index - 1]?.[1]);
  }
  const [welcome] = await carol.messages(club.id, 1);
  expect(welcome?.body).toBe('two');
});

test('what was missed while away is in the history, page by page', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const first = await alice.invoke<SendReceipt>('SendPrivateMessage', bob.user.id, 'still here?');
  await bob.next('ReceiveMessage', () => true);
  await bob.disconnect();
  for (let seq = 2; seq <= 6; seq += 1) {
    await alice.invoke('SendPrivateMessage', bob.user.id, `missed ${seq}`);
  }

  await bob.connect();
  const heads = await bob.next('Heads', ({ conversations }) => conversations.length > 0, 2);
  expect(heads.conversations).toContainEqual({
    conversationId: first.conversationId,
    rev: first.rev + 5,
  });

  const missed: number[] = [];
  for (let after = first.seq, more = true; more;) {
    const page: MessagePage = await bob.api.get(
      `/api/conversations/${first.conversationId}/messages?after=${after}&limit=2`,
    );
    missed.push(...page.messages.map(({ seq }) => seq));
    after = page.messages.at(-1)?.seq ?? after;
    more = page.hasAfter;
  }
  expect(missed).toEqual([2, 3, 4, 5, 6]);
});

test('what was missed while away comes by one synchronisation, each message as it stands now', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const club = await group(alice, 'Club', bob);
  const first = await alice.invoke<SendReceipt>('SendToGroup', club.id, 'frist');
  const { epoch, userRev } = await bob.next('Heads', () => true);
  await bob.disconnect();

  await alice.invoke('EditMessage', club.id, first.messageId, 'first');
  await alice.invoke('AddReaction', club.id, first.messageId, '👍');
  const second = await alice.invoke<SendReceipt>('SendToGroup', club.id, 'second');
  await alice.invoke('DeleteMessage', club.id, second.messageId);

  await bob.connect();
  const positions = [{ conversationId: club.id, rev: first.rev }];
  const pages = await bob.stream<SyncPage>('Sync', { epoch, userRev, positions });
  expect(pages.map(({ type }) => type)).toEqual(['user', 'changes', 'done']);
  expect(pages[1]).toMatchObject({ fromRev: first.rev, toRev: second.rev + 1 });
  const rows = pages[1]?.type === 'changes' ? pages[1].rows : [];
  expect(rows).toHaveLength(2);
  expect(rows).toContainEqual({
    type: 'message',
    message: expect.objectContaining({
      seq: first.seq,
      body: 'first',
      reactions: [{ emoji: '👍', userIds: [alice.user.id] }],
    }),
  });
  expect(rows).toContainEqual({
    type: 'message',
    message: expect.objectContaining({ seq: second.seq, body: '', deletedBy: alice.user.id }),
  });
});

/** Everybody begins in General, and so shares a conversation with everybody. */
async function leavesGeneral(person: Chatter): Promise<void> {
  const { groups } = await person.api.get<{ groups: ConversationSummary[] }>('/api/groups');
  const general = groups.find(({ name }) => name === 'General');
  await person.invoke('LeaveGroup', general?.id);
}

function history(reader: Chatter, conversationId: string, limit = 50): Promise<MessagePage> {
  return reader.api.get(`/api/conversations/${conversationId}/messages?limit=${limit}`);
}

async function unread(reader: Chatter, conversationId: string): Promise<number> {
  const summary = await reader.api.get<ConversationSummary>(`/api/conversations/${conversationId}`);
  return summary.unreadCount;
}
