// The stand-in server's hub: enough of the SignalR JSON protocol for one client.
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import {
  conversations,
  direct,
  find,
  onEvents,
  post,
  receiptOf,
  Refusal,
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
