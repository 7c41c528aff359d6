import { ConversationSummary, Message } from '../../core/api/generated/models';

/** What the reader may do with a message. The server decides; this only leaves out what it would refuse. */
export interface MessagePermissions {
  readonly react: boolean;
  readonly reply: boolean;
  readonly thread: boolean;
  readonly edit: boolean;
  readonly pin: boolean;
  readonly delete: boolean;
  readonly markUnread: boolean;
}

export function permissionsOn(
  message: Message,
  conversation: ConversationSummary | undefined,
  ownId: string,
): MessagePermissions {
  const role = conversation?.role;
  const isOwn = message.senderId === ownId;
  const writes = role !== undefined && role !== 'readOnly';
  const manages = conversation?.kind !== 'direct' && (role === 'owner' || role === 'admin');
  return {
    react: writes,
    reply: writes && !message.threadOf,
    thread: writes && !message.threadOf,
    edit: writes && isOwn,
    pin: conversation?.kind === 'channel' ? manages : writes,
    delete: isOwn || manages,
    markUnread: !message.threadOf,
  };
}
