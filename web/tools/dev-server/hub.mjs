// The stand-in server's hub: enough of the SignalR JSON protocol for one client.
import { randomUUID } from 'node:crypto';
import { URLSearchParams } from 'node:url';
import WebSocket from 'ws';
import {
  append,
  change,
  conversations,
  direct,
  find,
  findMessage,
  onEvents,
  page,
  post,
  receiptOf,
  Refusal,
  setPersonal,
  summary,
  users,
} from './world.mjs';

const sockets = new Set();
const tickets = new Map();
const epoch = randomUUID();
let presenceVersion = 0;

const send = (socket, message) => socket.send(`${JSON.stringify(message)}\u001e`);

export function tell(userIds, target, payload) {
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
      return receiptOf(sendTo(find(first.conversationId, userId), userId, first));
    case 'EditMessage':
      return edit(find(first, userId), second, { body: third, editedAt: now() });
    case 'DeleteMessage':
      return edit(find(first, userId), second, { deletedAt: now(), deletedBy: userId });
    case 'RestoreMessage':
      return edit(find(first, userId), second, { deletedAt: undefined, deletedBy: undefined });
    case 'PinMessage':
      return edit(find(first, userId), second, { pinnedAt: now(), pinnedBy: userId }).rev;
    case 'UnpinMessage':
      return edit(find(first, userId), second, { pinnedAt: undefined, pinnedBy: undefined }).rev;
    case 'AddReaction':
    case 'RemoveReaction':
      return react(find(first, userId), second, third, userId, target === 'AddReaction');
    case 'MarkUnread':
      return setPersonal(find(first, userId), userId, { unreadFrom: second }) && null;
    case 'SetPreferences':
      return setPersonal(find(first, userId), userId, second);
    case 'SendPrivateMessage':
      return receiptOf(post(direct(userId, first), userId, second, third));
    case 'SendToGroup':
      return receiptOf(post(find(first, userId), userId, second, third));
    case 'MarkRead': {
      const conversation = find(first, userId);
      conversation.read.set(userId, Math.max(second, conversation.read.get(userId) ?? 0));
      setPersonal(conversation, userId, { unreadFrom: undefined });
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

const now = () => new Date().toISOString();

function sendTo(conversation, senderId, { body, clientId, replyTo, threadOf }) {
  const known = conversation.messages.find((message) => message.clientId === clientId);
  if (known || (!replyTo && !threadOf)) return post(conversation, senderId, body, clientId);
  const answered = replyTo && findMessage(conversation, replyTo);
  const sent = append(conversation, {
    senderId,
    body,
    clientId,
    sentAt: now(),
    threadOf,
    ...(answered && {
      replyTo: { messageId: replyTo, seq: answered.seq, senderId: answered.senderId },
    }),
  });
  if (threadOf) {
    const root = findMessage(conversation, threadOf);
    const replyCount = (root.thread?.replyCount ?? 0) + 1;
    change(conversation, root, {
      thread: { replyCount, lastReplySeq: sent.seq, lastReplyAt: sent.sentAt },
    });
  }
  return sent;
}

function edit(conversation, messageId, fields) {
  return receiptOf(change(conversation, findMessage(conversation, messageId), fields));
}

function react(conversation, messageId, emoji, userId, adds) {
  const message = findMessage(conversation, messageId);
  const given = new Map(message.reactions?.map((r) => [r.emoji, r.userIds]));
  const others = (given.get(emoji) ?? []).filter((id) => id !== userId);
  given.set(emoji, adds ? [...others, userId] : others);
  const reactions = [...given].map(([key, userIds]) => ({ emoji: key, userIds }));
  return change(conversation, message, { reactions: reactions.filter((r) => r.userIds.length) })
    .rev;
}

/** Everything afresh: simpler than what the server does, and good enough to look at. */
function sync(userId, { positions }) {
  const { epoch: name, userRev, conversations: all } = heads(userId);
  const mine = all.map(({ conversationId }) => conversations.get(conversationId));
  const listed = mine.map((conversation) => summary(conversation, userId));
  const wanted = mine.filter(({ id }) => positions.some((p) => p.conversationId === id));
  return [
    { type: 'conversations', userRev, conversations: listed },
    ...wanted.map((c) => ({ type: 'reset', page: page(c, new URLSearchParams()) })),
    { type: 'done', epoch: name, userRev, heads: all },
  ];
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
    } else if (message.type === 4) {
      const { invocationId } = message;
      for (const item of sync(socket.userId, message.arguments[0]))
        send(socket, { type: 2, invocationId, item });
      send(socket, { type: 3, invocationId });
    } else if (message.type === 6) send(socket, { type: 6 });
  }
}

export function newTicket(userId) {
  const ticket = randomUUID();
  tickets.set(ticket, userId);
  return { ticket, expiresIn: 60 };
}

export { epoch };

export function serveHub(server) {
  onEvents(tell);
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
}

export function dropAll() {
  for (const socket of sockets) socket.terminate();
}
