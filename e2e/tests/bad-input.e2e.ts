/** Bad input gets a clear answer and harms nothing: after each refusal the same connection still works. */

import { randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import type { Chatter } from '../support/chatter.ts';
import type { SendReceipt, Session } from '../support/contract.ts';
import { Api } from '../support/api.ts';
import { RawHub } from '../support/raw-hub.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

const LONGEST = 16_384;

// Types of hub messages.
const COMPLETION = 3;
const CLOSE = 7;

test('a method that does not exist, and arguments that do not fit, are refused by name', async () => {
  const [alice] = await server.cast.connected('alice');

  await expect(alice.invoke('Shout', 'hello')).rejects.toThrow(
    "Failed to invoke 'Shout' due to an error on the server. HubException: Method does not exist.",
  );
  const counted = /'SendPrivateMessage'.* InvalidDataException: Invocation provides \d argument/;
  const typed = /'SendPrivateMessage'.* InvalidDataException: Error binding arguments\./;
  for (const [args, text] of [
    [[], counted],
    [['a', 'b', 'c', 'd'], counted],
    [[42, 'hello'], typed],
    [[alice.user.id, { text: 'hello' }], typed],
  ] as const) {
    await expect(alice.invoke('SendPrivateMessage', ...args)).rejects.toThrow(text);
  }
  await stillWorks(alice);
});

test('messages have 1 to 16,384 characters, whatever these weigh', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const send = (body: string) => alice.invoke<SendReceipt>('SendPrivateMessage', bob.user.id, body);

  await expect(send('')).rejects.toThrow('HubException: message_empty: ');
  await expect(send('x'.repeat(LONGEST + 1))).rejects.toThrow(
    /HubException: message_too_long: .*16,?384/,
  );
  await expect(send('语'.repeat(LONGEST + 1))).rejects.toThrow('message_too_long');

  const chinese = '你好世界'.repeat(LONGEST / 4);
  expect(Buffer.byteLength(chinese)).toBe(48 * 1024);
  for (const body of ['x'.repeat(LONGEST), chinese, '🦔'.repeat(LONGEST)]) {
    const receipt = await send(body);
    const message = await bob.next('ReceiveMessage', ({ seq }) => seq === receipt.seq);
    expect(message.body).toBe(body);
  }
  const next = await send('the refused took no number');
  expect(next.seq).toBe(4);
});

test('what does not exist and what one may not see look alike', async () => {
  const [alice, bob, mallory] = await server.cast.connected('alice', 'bob', 'mallory');
  const secret = await group(alice, 'Secret', bob);
  const answer = async (invocation: Promise<unknown>) =>
    invocation.then(
      () => 'it was allowed',
      (error: Error) => error.message,
    );

  for (const method of ['SendToGroup', 'JoinGroup', 'LeaveGroup']) {
    const args = method === 'SendToGroup' ? ['let me in'] : [];
    const unknown = await answer(mallory.invoke(method, randomUUID(), ...args));
    const forbidden = await answer(mallory.invoke(method, secret.id, ...args));
    expect(unknown).toContain('HubException: not_found: ');
    expect(forbidden).toBe(unknown);
  }
  await expect(mallory.invoke('SendPrivateMessage', randomUUID(), 'anybody?')).rejects.toThrow(
    'HubException: not_found: ',
  );
  for (const id of [randomUUID(), secret.id]) {
    await expect(mallory.api.get(`/api/conversations/${id}/messages`)).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
    });
  }
  await alice.invoke('SendToGroup', secret.id, 'among us');
  await bob.messages(secret.id, 1);
  expect(mallory.messagesSoFar(secret.id)).toEqual([]);
});

test('a message that is no JSON closes its connection, with a reason, and no other', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const hub = await RawHub.open(server.hubbub.origin, alice.session.accessToken);

  hub.send('{"type":1,"target":');

  expect(await hub.nextOfType(CLOSE)).toMatchObject({
    error: expect.stringContaining('Connection closed with an error.'),
  });
  await hub.closed;
  await stillWorks(alice);
  await stillWorks(bob);
});

test('a message beyond the limit closes its connection, with a reason, and is not read', async () => {
  const [alice] = await server.cast.connected('alice');
  const hub = await RawHub.open(server.hubbub.origin, alice.session.accessToken);

  hub.send(`{"type":1,"target":"Typing","arguments":["${'x'.repeat(200 * 1024)}",true]}`);

  expect(await hub.nextOfType(CLOSE)).toMatchObject({
    error: expect.stringContaining('Connection closed with an error.'),
  });
  await hub.closed;
  await stillWorks(alice);
});

test('a message of nothing but depth does no harm', async () => {
  const [alice] = await server.cast.connected('alice');
  const hub = await RawHub.open(server.hubbub.origin, alice.session.accessToken);
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);

  hub.send(`{"type":1,"invocationId":"1","target":"Typing","arguments":[${deep},true]}`);

  // Either answer is clear: the invocation fails, or the connection is closed with an error.
  const answer = await hub.nextOfType(COMPLETION, CLOSE);
  expect(answer['error']).toBeTruthy();
  hub.close();
  await stillWorks(alice);
});

test('the first frame after the handshake is Heads', async () => {
  const [alice] = await server.cast.connected('alice');
  const hub = await RawHub.open(server.hubbub.origin, alice.session.accessToken);

  expect(await hub.next()).toMatchObject({ type: 1, target: 'Heads' });
  hub.close();
});

test('negotiation answers both of its versions', async () => {
  const alice = await server.cast.person('alice');
  const negotiate = (query: string) =>
    alice.api.post<Record<string, unknown>>(`/hubs/chat/negotiate${query}`);

  const v1 = await negotiate('?negotiateVersion=1');
  expect(v1).toMatchObject({
    negotiateVersion: 1,
    connectionId: expect.any(String),
    connectionToken: expect.any(String),
  });
  expect(v1['connectionToken']).not.toBe(v1['connectionId']);
  expect(v1['availableTransports']).toContainEqual({
    transport: 'WebSockets',
    transferFormats: expect.arrayContaining(['Text']),
  });

  const v0 = await negotiate('');
  expect(v0).toMatchObject({ connectionId: expect.any(String) });
  expect(v0).not.toHaveProperty('connectionToken');
});

test('a token that is missing, forged or of another kind opens nothing', async () => {
  const alice = await server.cast.person('alice');
  const [header, claims, signature] = alice.session.accessToken.split('.') as [
    string,
    string,
    string,
  ];
  const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
  const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
  const tomorrow = Math.floor(Date.now() / 1000) + 86_400;

  const forgeries = {
    nothing: '',
    'no token': 'not-a-token',
    'another signature': [header, claims, flipped].join('.'),
    'no signature': [encode({ ...decode(header), alg: 'none' }), claims, ''].join('.'),
    'a longer life': [header, encode({ ...decode(claims), exp: tomorrow }), signature].join('.'),
    'another person': [header, encode({ ...decode(claims), sub: randomUUID() }), signature].join(
      '.',
    ),
    'a refresh token': alice.session.refreshToken ?? 'missing',
  };
  for (const [what, token] of Object.entries(forgeries)) {
    const forger = new Api(server.hubbub.origin, token);
    await expect(forger.get('/api/users/me'), what).rejects.toMatchObject({
      status: 401,
      code: 'unauthenticated',
    });
    await expect(forger.post('/hubs/chat/negotiate'), what).rejects.toMatchObject({ status: 401 });
    expect(await RawHub.statusOfUpgrade(server.hubbub.origin, token), what).toBe(401);
  }
  expect(await RawHub.statusOfUpgrade(server.hubbub.origin, alice.session.accessToken)).toBe(101);
});

test('sign-in does not tell which half was wrong, and a refresh token works once', async () => {
  const alice = await server.cast.person('alice');
  const nobody = new Api(server.hubbub.origin);
  for (const username of [alice.user.username, 'no-such-person']) {
    const wrong = nobody.post('/api/auth/login', { username, password: 'wrong password' });
    await expect(wrong).rejects.toMatchObject({ status: 401, code: 'invalid_credentials' });
  }

  const refreshed = await nobody.post<Session>('/api/auth/refresh', {
    refreshToken: alice.session.refreshToken,
    tokenDelivery: 'body',
  });
  expect(refreshed.user).toEqual(alice.user);
  expect(refreshed.refreshToken).not.toBe(alice.session.refreshToken);
  const renewed = new Api(server.hubbub.origin, refreshed.accessToken);
  expect(await renewed.get('/api/users/me')).toMatchObject({ ...alice.user });
});

/** A round trip that needs the connection, the hub and the storage. */
async function stillWorks(person: Chatter): Promise<void> {
  const peer = await server.cast.person('peer');
  const receipt = await person.invoke<SendReceipt>(
    'SendPrivateMessage',
    peer.user.id,
    'still here',
  );
  expect(receipt.seq).toBe(1);
}
