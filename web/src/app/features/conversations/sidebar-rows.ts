import { ConversationSummary, User } from '../../core/api/generated/models';
import { conversationName, conversationSign } from '../../core/chat/conversation-name';
import { badge, TEXTS } from '../../shared/texts';
import { listTime } from '../../shared/times';

/** A conversation as the sidebar shows it. */
export interface SidebarRow {
  id: string;
  name: string;
  sign: 'person' | 'group' | 'channel';
  seed: string;
  peerId?: string;
  preview: string;
  isTyping: boolean;
  isDraft: boolean;
  time: string;
  unread: string;
  unreadText: string;
}

export interface SidebarContext {
  ownId: string;
  now: Date;
  nameOf: (userId: string) => string | undefined;
  typingIn: (conversationId: string) => readonly string[];
  draftOf: (conversationId: string) => string;
}

export function sidebarRow(summary: ConversationSummary, context: SidebarContext): SidebarRow {
  const typing = context.typingIn(summary.id);
  const draft = typing.length === 0 ? context.draftOf(summary.id).trim() : '';
  const last = summary.lastMessage;
  const count = summary.unreadCount;
  return {
    id: summary.id,
    name: conversationName(summary),
    sign: conversationSign(summary),
    seed: summary.peer?.id ?? summary.id,
    ...(summary.peer ? { peerId: summary.peer.id } : {}),
    preview:
      typing.length > 0 ? typingText(summary, typing, context) : draft || preview(summary, context),
    isTyping: typing.length > 0,
    isDraft: draft !== '',
    time: last ? listTime(new Date(last.sentAt), context.now) : '',
    unread: count > 0 ? badge(count) : '',
    unreadText: count > 0 ? TEXTS.sidebar.unread(count) : '',
  };
}

/** The people one does not have a conversation with yet. */
export function peopleToMeet(
  directory: readonly User[],
  conversations: readonly ConversationSummary[],
): User[] {
  const met = new Set(conversations.flatMap(({ peer }) => peer?.id ?? []));
  return directory.filter((user) => !met.has(user.id));
}

function preview(summary: ConversationSummary, context: SidebarContext): string {
  const last = summary.lastMessage;
  if (!last) return TEXTS.sidebar.nothingYet;
  const body = last.body.replace(/\s+/gu, ' ').slice(0, 200);
  if (last.senderId === context.ownId) return `${TEXTS.sidebar.you}: ${body}`;
  if (summary.kind === 'direct') return body;
  const name = context.nameOf(last.senderId);
  return name ? `${firstName(name)}: ${body}` : body;
}

function typingText(
  summary: ConversationSummary,
  typing: readonly string[],
  context: SidebarContext,
): string {
  if (summary.kind === 'direct') return TEXTS.sidebar.typing;
  const names = typing.map((id) => context.nameOf(id) ?? TEXTS.conversation.somebody);
  return TEXTS.conversation.typing(names.map(firstName));
}

/** Short enough to leave room for what was said. */
function firstName(name: string): string {
  return name.trim().split(/\s+/u)[0] ?? name;
}
