import { ConversationSummary, User } from '../../core/api/generated/models';
import { noteText } from '../../core/chat/note-text';
import { conversationName, conversationSign } from '../../core/chat/conversation-name';
import { disturbingCount, isMuted } from '../../core/chat/conversation-list';
import { badge, excerpt, TEXTS } from '../../shared/texts';
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
  /** Whether somebody calls the reader there. */
  mentioned: boolean;
  mentionText: string;
  /** What is new there may not disturb. */
  quiet: boolean;
  muted: boolean;
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
  const { unreadCount, mentionCount } = summary;
  const muted = isMuted(summary, context.now);
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
    unread: unreadCount > 0 ? badge(unreadCount) : '',
    unreadText: unreadCount > 0 ? TEXTS.sidebar.unread(unreadCount) : '',
    mentioned: mentionCount > 0 && !muted,
    mentionText: mentionCount > 0 && !muted ? TEXTS.sidebar.mentions(mentionCount) : '',
    quiet: disturbingCount(summary, context.now) === 0,
    muted,
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
  if (!last || last.system?.type === 'founded') return TEXTS.sidebar.nothingYet;
  if (last.system) return noteText(last.system, last.senderId, context.nameOf);
  const body = last.deletedAt ? TEXTS.message.deleted : excerpt(last.body);
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
