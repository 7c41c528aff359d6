// A stand-in for the server, for looking at the client without one: in memory, no security, a few seeded people
// (sign in as ana, bea or chidi with any password of ten characters). `EMPTY=1` begins before the setup. Serves
// dist/browser too, under the policy that the real server sends. Never a part of anything that is shipped.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import WebSocket from 'ws';

const PORT = Number(process.env.PORT ?? 8080);
const ROOT = path.resolve('dist/browser');
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
  "connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};
const TOKEN_SECONDS = Number(process.env.TOKEN_SECONDS ?? 600);

const users = new Map();
const conversations = new Map();
const sockets = new Set();
const refreshTokens = new Map();
const tickets = new Map();
const epoch = randomUUID();
let presenceVersion = 0;

class Refusal extends Error {
  constructor(status, code, detail = code) {
    super(detail);
    Object.assign(this, { status, code });
  }
}

function addUser(username, displayName, role = 'member') {
  const user = { id: randomUUID(), username, displayName, role };
  users.set(user.id, user);
  return user;
}

function addConversation(kind, memberIds, fields = {}) {
  const conversation = {
    id: randomUUID(),
    kind,
    members: new Map(memberIds.map((id, index) => [id, index ? 'member' : 'owner'])),
    messages: [],
    rev: 0,
    read: new Map(),
    createdAt: new Date().toISOString(),
    ...fields,
  };
  conversations.set(conversation.id, conversation);
  return conversation;
}

function post(conversation, senderId, body, clientId = randomUUID(), sentAt = new Date()) {
  const known = conversation.messages.find((message) => message.clientId === clientId);
  if (known) return known;
  if (!body.trim()) throw new Refusal(422, 'message_empty');
  if ([...body].length > 16_384) throw new Refusal(422, 'message_too_long');
  const seq = conversation.messages.length + 1;
  const rev = ++conversation.rev;
  const message = {
    conversationId: conversation.id,
    seq,
    createdRev: rev,
    rev,
    messageId: randomUUID(),
    clientId,
    senderId,
    body,
    sentAt: sentAt.toISOString(),
  };
  conversation.messages.push(message);
  if ((conversation.read.get(senderId) ?? 0) === seq - 1) conversation.read.set(senderId, seq);
  tell([...conversation.members.keys()], 'ReceiveMessage', {
    ...message,
    fromRev: rev - 1,
    toRev: rev,
  });
  return message;
}

const receiptOf = ({ conversationId, messageId, clientId, seq, rev, sentAt }) => ({
  conversationId,
  messageId,
  clientId,
  seq,
  rev,
  sentAt,
});

function summary(conversation, userId) {
  const peerId =
    conversation.kind === 'direct' && [...conversation.members.keys()].find((id) => id !== userId);
  const lastReadSeq = conversation.read.get(userId) ?? 0;
  const unread = conversation.messages.filter(
    (m) => m.seq > lastReadSeq && m.senderId !== userId,
  ).length;
  return {
    id: conversation.id,
    kind: conversation.kind,
    name: conversation.name,
    topic: conversation.topic,
    peer: peerId ? users.get(peerId) : undefined,
    memberCount: conversation.members.size,
    role: conversation.members.get(userId),
    joined: conversation.members.has(userId),
    lastSeq: conversation.messages.length,
    rev: conversation.rev,
    lastReadSeq,
    unreadCount: Math.min(100, unread),
    lastMessage: conversation.messages.at(-1),
    createdAt: conversation.createdAt,
  };
}

function changeMember(conversation, userId, joined) {
  if (joined) conversation.members.set(userId, 'member');
  const audience = [...conversation.members.keys()];
  if (!joined) conversation.members.delete(userId);
  const rev = ++conversation.rev;
  const event = {
    conversationId: conversation.id,
    user: users.get(userId),
    joined,
    rev,
    fromRev: rev - 1,
    toRev: rev,
  };
  tell(audience, 'MemberChanged', joined ? { ...event, role: 'member' } : event);
  gained(conversation, [userId], joined);
}

function gained(conversation, userIds, joined = true) {
  for (const id of userIds) {
    const user = users.get(id);
    user.rev = (user.rev ?? 0) + 1;
    const change = joined
      ? { type: 'conversationGained', conversation: summary(conversation, id) }
      : { type: 'conversationLost', conversationId: conversation.id };
    tell([id], 'UserChanged', { fromRev: user.rev - 1, toRev: user.rev, change });
  }
}

function direct(a, b) {
  for (const conversation of conversations.values()) {
    if (
      conversation.kind === 'direct' &&
      conversation.members.has(a) &&
      conversation.members.has(b)
    )
      return conversation;
  }
  const created = addConversation('direct', [a, b]);
  gained(created, [a, b]);
  return created;
}

function find(id, userId) {
  const conversation = conversations.get(id);
  if (!conversation || (conversation.kind !== 'channel' && !conversation.members.has(userId)))
    throw new Refusal(404, 'not_found');
  return conversation;
}

// ---- the hub

const send = (socket, message) => socket.send(`${JSON.stringify(message)}\u001e`);

function tell(userIds, target, payload) {
  for (const socket of sockets) {
    if (userIds.includes(socket.userId)) send(socket, { type: 1, target, arguments: [payload] });
  }
}

const presenceOf = (userId) => ({
  userId,
  state: [...sockets].some((socket) => socket.userId === userId) ? 'active' : 'offline',
  version: ++presenceVersion,
});

function invoke(socket, target, [first, second, third]) {
  const { userId } = socket;
  switch (target) {
    case 'SendMessage':
      return receiptOf(
        post(find(first.conversationId, userId), userId, first.body, first.clientId),
      );
    case 'SendPrivateMessage':
      return receiptOf(post(direct(userId, first), userId, second, third));
    case 'SendToGroup':
      return receiptOf(post(find(first, userId), userId, second, third));
    case 'MarkRead': {
      const conversation = find(first, userId);
      conversation.read.set(userId, Math.max(second, conversation.read.get(userId) ?? 0));
      return null;
    }
    case 'Typing':
      tell([...find(first, userId).members.keys()], 'UserTyping', {
        conversationId: first,
        userId,
        isTyping: second,
      });
      return null;
    case 'WatchPresence':
      return first.map(presenceOf);
    case 'UnwatchPresence':
    case 'Reauthenticate':
      return null;
    default:
      throw new Refusal(404, 'not_found', `There is no method ${target}.`);
  }
}

function heads(userId) {
  const mine = [...conversations.values()].filter((c) => c.members.has(userId));
  return {
    epoch,
    userRev: users.get(userId).rev ?? 0,
    conversations: mine.map(({ id, rev }) => ({ conversationId: id, rev })),
  };
}

function hear(socket, text) {
  for (const part of text.split('\u001e').filter(Boolean)) {
    const message = JSON.parse(part);
    if (message.protocol) {
      send(socket, {});
      sockets.add(socket);
      send(socket, { type: 1, target: 'Heads', arguments: [heads(socket.userId)] });
      tell([...users.keys()], 'UserOnline', presenceOf(socket.userId));
    } else if (message.type === 1) {
      const answer = { type: 3, invocationId: message.invocationId };
      try {
        answer.result = invoke(socket, message.target, message.arguments);
      } catch (error) {
        answer.error = `An unexpected error occurred invoking '${message.target}' on the server. HubException: ${error.code}: ${error.message}`;
      }
      if (message.invocationId) send(socket, answer);
    } else if (message.type === 6) send(socket, { type: 6 });
  }
}

// ---- HTTP

function begin(response, user) {
  const refresh = randomUUID();
  refreshTokens.set(refresh, user.id);
  response.setHeader('set-cookie', `refresh=${refresh}; HttpOnly; Path=/api/auth; SameSite=Strict`);
  return {
    accessToken: `${user.id}.${Date.now() + TOKEN_SECONDS * 1000}`,
    expiresIn: TOKEN_SECONDS,
    user,
  };
}

function caller(request) {
  const [userId, expires] = (request.headers.authorization ?? '').replace('Bearer ', '').split('.');
  if (!users.has(userId) || Number(expires) < Date.now()) throw new Refusal(401, 'token_expired');
  return users.get(userId);
}

function page(conversation, query) {
  const limit = Math.min(200, Number(query.get('limit') ?? 50));
  const before = query.has('before') ? Number(query.get('before')) : Infinity;
  const after = query.has('after') ? Number(query.get('after')) : undefined;
  const all = conversation.messages;
  const messages =
    after === undefined
      ? all.filter((m) => m.seq < before).slice(-limit)
      : all.filter((m) => m.seq > after).slice(0, limit);
  const hasBefore = (messages[0]?.seq ?? 1) > 1;
  const hasAfter = (messages.at(-1)?.seq ?? all.length) < all.length;
  return {
    conversationId: conversation.id,
    rev: conversation.rev,
    lastSeq: all.length,
    hasBefore,
    hasAfter,
    messages,
  };
}

const invitations = new Map();
const routes = [
  [
    'GET',
    /^\/api\/server$/,
    () => ({
      name: 'Hubbub',
      version: '0.1.0',
      setupRequired: users.size === 0,
      registration: 'invitation',
    }),
  ],
  [
    'POST',
    /^\/api\/auth\/register$/,
    ({ body, response }) => {
      if (users.size === 0 && body.setupCode !== 'stub-code')
        throw new Refusal(403, 'invalid_setup_code');
      if ([...users.values()].some((u) => u.username === body.username))
        throw new Refusal(409, 'username_taken');
      const user = addUser(
        body.username,
        body.displayName || body.username,
        users.size ? 'member' : 'owner',
      );
      const general =
        [...conversations.values()].find((c) => c.name === 'General') ??
        addConversation('channel', [], { name: 'General', topic: 'Everybody, everything' });
      changeMember(general, user.id, true);
      return [201, begin(response, user)];
    },
  ],
  [
    'POST',
    /^\/api\/auth\/login$/,
    ({ body, response }) => {
      const user = [...users.values()].find((u) => u.username === body.username);
      if (!user || body.password.length < 10) throw new Refusal(401, 'invalid_credentials');
      return begin(response, user);
    },
  ],
  [
    'POST',
    /^\/api\/auth\/refresh$/,
    ({ request, response }) => {
      const token = /refresh=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
      const user = users.get(refreshTokens.get(token));
      if (!user) throw new Refusal(401, 'unauthenticated');
      refreshTokens.delete(token);
      return begin(response, user);
    },
  ],
  ['POST', /^\/api\/auth\/logout$/, () => [204]],
  [
    'GET',
    /^\/api\/invitations\/([^/]+)\/preview$/,
    ({ args: [code] }) => {
      if (!invitations.has(code)) throw new Refusal(404, 'not_found');
      return {
        invitedBy: invitations.get(code),
        expiresAt: new Date(Date.now() + 6e8).toISOString(),
      };
    },
  ],
  [
    'POST',
    /^\/api\/auth\/hub-ticket$/,
    ({ me }) => {
      const ticket = randomUUID();
      tickets.set(ticket, me().id);
      return { ticket, expiresIn: 60 };
    },
  ],
  [
    'POST',
    /^\/api\/invitations$/,
    ({ me, body }) => {
      const code = randomUUID().slice(0, 13);
      invitations.set(code, me().displayName);
      return [
        201,
        {
          id: randomUUID(),
          code,
          path: `/join/${code}`,
          expiresAt: new Date(Date.now() + body.expiresInHours * 36e5).toISOString(),
          maxUses: body.maxUses,
          uses: 0,
        },
      ];
    },
  ],
  [
    'GET',
    /^\/api\/users$/,
    ({ query }) => {
      const text = (query.get('query') ?? '').toLowerCase();
      const found = [...users.values()].filter((u) =>
        `${u.username} ${u.displayName}`.toLowerCase().includes(text),
      );
      return { users: found.sort((a, b) => a.username.localeCompare(b.username)) };
    },
  ],
  [
    'PATCH',
    /^\/api\/users\/me$/,
    ({ me, body }) => Object.assign(me(), { displayName: body.displayName }),
  ],
  [
    'GET',
    /^\/api\/users\/me\/sessions$/,
    () => {
      const session = {
        id: randomUUID(),
        createdAt: new Date().toISOString(),
        lastUsedAt: new Date().toISOString(),
      };
      return {
        sessions: [
          { ...session, deviceName: 'Chromium on Linux', current: true },
          { ...session, id: randomUUID(), deviceName: 'Firefox on Android', current: false },
        ],
      };
    },
  ],
  ['DELETE', /^\/api\/users\/me\/sessions\//, () => [204]],
  ['GET', /^\/api\/users\/([^/]+)$/, ({ args: [id] }) => users.get(id)],
  [
    'GET',
    /^\/api\/conversations$/,
    ({ me }) => ({
      epoch,
      userRev: me().rev ?? 0,
      conversations: [...conversations.values()]
        .filter((c) => c.members.has(me().id))
        .map((c) => summary(c, me().id)),
    }),
  ],
  [
    'POST',
    /^\/api\/conversations\/direct$/,
    ({ me, body }) => summary(direct(me().id, body.userId), me().id),
  ],
  [
    'GET',
    /^\/api\/conversations\/([^/]+)$/,
    ({ me, args: [id] }) => summary(find(id, me().id), me().id),
  ],
  [
    'GET',
    /^\/api\/conversations\/([^/]+)\/messages$/,
    ({ me, args: [id], query }) => page(find(id, me().id), query),
  ],
  [
    'GET',
    /^\/api\/groups$/,
    ({ me }) => ({
      groups: [...conversations.values()]
        .filter((c) => c.kind === 'channel')
        .map((c) => summary(c, me().id)),
    }),
  ],
  [
    'POST',
    /^\/api\/groups$/,
    ({ me, body }) => {
      const created = addConversation(body.kind ?? 'group', [me().id, ...(body.memberIds ?? [])], {
        name: body.name,
      });
      gained(created, [...created.members.keys()]);
      return [201, summary(created, me().id)];
    },
  ],
  [
    'POST',
    /^\/api\/groups\/([^/]+)\/join$/,
    ({ me, args: [id] }) => (
      changeMember(find(id, me().id), me().id, true),
      summary(find(id, me().id), me().id)
    ),
  ],
  [
    'POST',
    /^\/api\/groups\/([^/]+)\/leave$/,
    ({ me, args: [id] }) => (changeMember(find(id, me().id), me().id, false), [204]),
  ],
  [
    'GET',
    /^\/api\/groups\/([^/]+)\/members$/,
    ({ me, args: [id] }) => ({
      members: [...find(id, me().id).members].map(([userId, role]) => ({
        user: users.get(userId),
        role,
        joinedAt: new Date().toISOString(),
      })),
    }),
  ],
  [
    'POST',
    /^\/api\/groups\/([^/]+)\/members$/,
    ({ me, args: [id], body }) => (changeMember(find(id, me().id), body.userId, true), [204]),
  ],
];

async function api(request, response, url) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
  for (const [method, pattern, handle] of routes) {
    const match = pattern.exec(url.pathname);
    if (method !== request.method || !match) continue;
    const context = {
      request,
      response,
      body,
      query: url.searchParams,
      args: match.slice(1),
      me: () => caller(request),
    };
    const answer = handle(context);
    return Array.isArray(answer) ? answer : [200, answer];
  }
  throw new Refusal(404, 'not_found');
}

async function file(pathname) {
  const name = path.extname(pathname) ? pathname : '/index.html';
  return [await readFile(path.join(ROOT, path.normalize(name))), TYPES[path.extname(name)]];
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (url.pathname.startsWith('/api/')) {
      const [status, body] = await api(request, response, url);
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? '' : JSON.stringify(body));
    } else {
      const [bytes, type] = await file(url.pathname);
      response
        .writeHead(200, {
          'content-type': type ?? 'application/octet-stream',
          'content-security-policy': CSP,
        })
        .end(bytes);
    }
  } catch (error) {
    const status = error.status ?? (error.code === 'ENOENT' ? 404 : 500);
    response
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ code: error.code ?? 'internal', detail: error.message, status }));
  }
});

new WebSocket.Server({ server, path: '/hubs/chat' }).on('connection', (socket, request) => {
  socket.userId = tickets.get(
    new URL(request.url, 'http://localhost').searchParams.get('access_token'),
  );
  if (!users.has(socket.userId)) return socket.close(1008);
  socket.on('message', (text) => hear(socket, text.toString()));
  socket.on('close', () => {
    sockets.delete(socket);
    tell([...users.keys()], 'UserOffline', presenceOf(socket.userId));
  });
});

if (!process.env.EMPTY) {
  const { seed } = await import('./dev-seed.mjs');
  seed({ addUser, addConversation, post });
}
server.listen(PORT, '127.0.0.1', () =>
  console.log(`A stand-in for the server listens on http://127.0.0.1:${PORT}`),
);

// `kill -USR2` drops every connection, to see how the client comes back.
process.on('SIGUSR2', () => {
  for (const socket of sockets) socket.terminate();
});
