import { ConversationSummary } from '../api/generated/models';

/** What a conversation is called: the other person, or its own name. */
export function conversationName(conversation: ConversationSummary): string {
  return conversation.peer?.displayName ?? conversation.name ?? '';
}

/** How its picture is drawn. */
export function conversationSign(
  conversation: ConversationSummary,
): 'person' | 'group' | 'channel' {
  return conversation.kind === 'direct' ? 'person' : conversation.kind;
}
