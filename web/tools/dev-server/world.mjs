// What the stand-in server knows: people, conversations and messages, in memory.
import { randomUUID } from 'node:crypto';

export const users = new Map();
export const conversations = new Map();
/** Sends an event to all connections of these people; set by the hub. */
let tell = () => undefined;

export function onEvents(sender) {
  tell = sender;
}

export class Refusal extends Error {
  constructor(status, code, detail = code) {
    super(detail);
    Object.assign(this, { status, code });
  }
}

export function addUser(username, displayName, role = 'member') {
  const user = { id: randomUUID(), username, displayName, role };
  users.set(user.id, user);
  return user;
}

export function addConversation(kind, memberIds, fields = {}) {
  const conversation = {
    id: randomUUID(),
    kind,
    members: new Map(memberIds.map((id, index) => [id, index ? 'member' : 'owner'])),
    messages: [],
    rev: 0,
    read: new Map(),
    personal: new Map(),
    createdAt: new Date().toISOString(),
    ...fields,
  };
  conversations.set(conversation.id, conversation);
  return conversation;
}

export function post(conversation, senderId, body, clientId = randomUUID(), sentAt = new Date()) {
  const known = conversation.messages.find((message) => message.clientId === clientId);
  if (known) return known;
  if (body === 'refuse me') throw new Refusal(403, 'forbidden');
  if (!body.trim()) throw new Refusal(422, 'message_empty');
  if ([...body].length > 16_384) throw new Refusal(422, 'message_too_long');
  return append(conversation, { senderId, body, clientId, sentAt: sentAt.toISOString() });
}

/** Tells what has happened to the conversation. */
export function note(conversation, senderId, system) {
  const sentAt = new Date().toISOString();
  return append(conversation, { senderId, body: '', clientId: randomUUID(), sentAt, system });
}

/** A message in its place, with whatever it has besides. */
export function append(conversation, fields) {
  const { senderId } = fields;
  const seq = conversation.messages.length + 1;
  const rev = ++conversation.rev;
  const message = {
    conversationId: conversation.id,
    seq,
    createdRev: rev,
    rev,
    messageId: randomUUID(),
    ...fields,
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

export function findMessage(conversation, messageId) {
  const message = conversation.messages.find((candidate) => candidate.messageId === messageId);
  if (!message) throw new Refusal(404, 'not_found');
  return message;
}

/** Gives a message another row. A field that is undefined is taken away. */
export function change(conversation, message, fields) {
  const rev = ++conversation.rev;
  Object.assign(message, fields, { rev });
  tell([...conversation.members.keys()], 'MessageChanged', {
    ...message,
    fromRev: rev - 1,
    toRev: rev,
  });
  return message;
}

/** What only this person must learn of the conversation. */
export function setPersonal(conversation, userId, fields) {
  const user = users.get(userId);
  conversation.personal.set(userId, { ...conversation.personal.get(userId), ...fields });
  user.rev = (user.rev ?? 0) + 1;
  const state = personal(conversation, userId);
  const changed = { type: 'stateChanged', conversationId: conversation.id, ...state };
  tell([userId], 'UserChanged', { fromRev: user.rev - 1, toRev: user.rev, change: changed });
  return state;
}

function personal(conversation, userId) {
  const lastReadSeq = conversation.read.get(userId) ?? 0;
  const { unreadFrom, level = 'all', mutedUntil } = conversation.personal.get(userId) ?? {};
  const first = Math.min(lastReadSeq + 1, unreadFrom ?? Infinity);
  const unread = conversation.messages.filter(
    (m) => m.seq >= first && m.senderId !== userId && !m.system && !m.deletedAt && !m.threadOf,
  );
  const calling = unread.filter((m) => m.mentions?.userIds.includes(userId));
  return {
    lastReadSeq,
    unreadFrom,
    unreadCount: Math.min(100, unread.length),
    mentionCount: Math.min(100, calling.length),
    level,
    mutedUntil: mutedUntil ?? undefined,
  };
}

export const receiptOf = ({ conversationId, messageId, clientId, seq, rev, sentAt }) => ({
  conversationId,
  messageId,
  clientId,
  seq,
  rev,
  sentAt,
});

export function summary(conversation, userId) {
  const peerId =
    conversation.kind === 'direct' && [...conversation.members.keys()].find((id) => id !== userId);
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
    history: conversation.kind === 'channel' ? 'all' : 'joined',
    ...personal(conversation, userId),
    lastMessage: conversation.messages.filter((m) => !m.threadOf).at(-1),
    createdAt: conversation.createdAt,
  };
}

export function changeMember(conversation, userId, joined) {
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
  note(conversation, userId, { type: joined ? 'joined' : 'left', userId });
}

export function gained(conversation, userIds, joined = true) {
  for (const id of userIds) {
    const user = users.get(id);
    user.rev = (user.rev ?? 0) + 1;
    const change = joined
      ? { type: 'conversationGained', conversation: summary(conversation, id) }
      : { type: 'conversationLost', conversationId: conversation.id };
    tell([id], 'UserChanged', { fromRev: user.rev - 1, toRev: user.rev, change });
  }
}

export function direct(a, b) {
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

export function find(id, userId) {
  const conversation = conversations.get(id);
  if (!conversation || (conversation.kind !== 'channel' && !conversation.members.has(userId)))
    throw new Refusal(404, 'not_found');
  return conversation;
}

export function page(conversation, query) {
  const limit = Math.min(200, Number(query.get('limit') ?? 50));
  const before = query.has('before') ? Number(query.get('before')) : Infinity;
  const after = query.has('after') ? Number(query.get('after')) : undefined;
  const thread = query.get('thread');
  const all = conversation.messages.filter((m) => !thread || m.threadOf === thread);
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
