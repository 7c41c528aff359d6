// The stand-in server's HTTP routes.
import { randomUUID } from 'node:crypto';
import { epoch, newTicket } from './hub.mjs';
import {
  addConversation,
  addUser,
  changeMember,
  conversations,
  direct,
  find,
  findMessage,
  gained,
  page,
  Refusal,
  summary,
  users,
} from './world.mjs';

const TOKEN_SECONDS = Number(process.env.TOKEN_SECONDS ?? 600);
const refreshTokens = new Map();

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
      return newTicket(me().id);
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
    /^\/api\/conversations\/([^/]+)\/messages\/([^/]+)$/,
    ({ me, args: [id, messageId] }) => findMessage(find(id, me().id), messageId),
  ],
  [
    'GET',
    /^\/api\/conversations\/([^/]+)\/messages\/([^/]+)\/revisions$/,
    () => ({ revisions: [] }),
  ],
  ['GET', /^\/api\/groups\/([^/]+)\/bans$/, () => ({ bans: [] })],
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

export async function api(request, response, url) {
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
