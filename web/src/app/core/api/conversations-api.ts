import { inject, Service } from '@angular/core';
import { Api } from './generated/api';
import {
  addMember,
  createGroup,
  followThread,
  getConversation,
  getMessage,
  joinGroup,
  leaveGroup,
  listChannels,
  listConversations,
  listMembers,
  listMessages,
  listPins,
  listReceipts,
  listRevisions,
  listThreads,
  markRead,
  openDirect,
} from './generated/functions';
import {
  ConversationList,
  ConversationSummary,
  CreateGroupRequest,
  FollowedThread,
  Member,
  Message,
  MessagePage,
  Receipt,
  Revision,
  ThreadState,
} from './generated/models';

/** Which page of a conversation to read; without a seq, the newest. */
export interface PageRequest {
  before?: number;
  after?: number;
  /** In the middle of the page. */
  around?: number;
  /** Only the replies in the thread of this message. */
  thread?: string;
  limit?: number;
}

@Service()
export class ConversationsApi {
  private readonly api = inject(Api);

  list(): Promise<ConversationList> {
    return this.api.invoke(listConversations);
  }

  get(id: string): Promise<ConversationSummary> {
    return this.api.invoke(getConversation, { id });
  }

  messages(id: string, page: PageRequest): Promise<MessagePage> {
    return this.api.invoke(listMessages, { id, ...page });
  }

  message(id: string, messageId: string): Promise<Message> {
    return this.api.invoke(getMessage, { id, messageId });
  }

  /** What a message said before it was edited, the first text first. */
  async revisions(id: string, messageId: string): Promise<Revision[]> {
    return (await this.api.invoke(listRevisions, { id, messageId })).revisions;
  }

  /** The latest pin first. */
  async pins(id: string): Promise<Message[]> {
    return (await this.api.invoke(listPins, { id })).messages;
  }

  /** How far the members have read. */
  async receipts(id: string): Promise<Receipt[]> {
    return (await this.api.invoke(listReceipts, { id })).receipts;
  }

  /** The threads that one follows, the newest reply first. */
  async threads(): Promise<FollowedThread[]> {
    return (await this.api.invoke(listThreads)).threads;
  }

  followThread(id: string, rootId: string, following: boolean): Promise<ThreadState> {
    return this.api.invoke(followThread, { id, rootId, body: { following } });
  }

  markThreadRead(id: string, threadOf: string, seq: number): Promise<void> {
    return this.api.invoke(markRead, { id, body: { seq, threadOf } });
  }

  openDirect(userId: string): Promise<ConversationSummary> {
    return this.api.invoke(openDirect, { body: { userId } });
  }

  async channels(): Promise<ConversationSummary[]> {
    return (await this.api.invoke(listChannels)).groups;
  }

  createGroup(body: CreateGroupRequest): Promise<ConversationSummary> {
    return this.api.invoke(createGroup, { body });
  }

  join(id: string): Promise<ConversationSummary> {
    return this.api.invoke(joinGroup, { id });
  }

  leave(id: string): Promise<void> {
    return this.api.invoke(leaveGroup, { id });
  }

  /** All members of a group, page by page. */
  async members(id: string): Promise<Member[]> {
    const members: Member[] = [];
    let after: string | undefined;
    do {
      const page = await this.api.invoke(listMembers, after ? { id, after } : { id });
      members.push(...page.members);
      after = page.next;
    } while (after);
    return members;
  }

  addMember(id: string, userId: string): Promise<void> {
    return this.api.invoke(addMember, { id, body: { userId } });
  }
}
