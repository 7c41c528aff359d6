import { HttpClient } from '@angular/common/http';
import { inject, Service } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import {
  ConversationList,
  ConversationSummary,
  CreateGroupRequest,
  Member,
  MessagePage,
} from './wire';

/** Which page of a conversation to read; without a seq, the newest. */
export interface PageRequest {
  before?: number;
  after?: number;
  limit?: number;
}

@Service()
export class ConversationsApi {
  private readonly http = inject(HttpClient);

  list(): Promise<ConversationList> {
    return firstValueFrom(this.http.get<ConversationList>('/api/conversations'));
  }

  get(id: string): Promise<ConversationSummary> {
    return firstValueFrom(this.http.get<ConversationSummary>(`/api/conversations/${id}`));
  }

  messages(id: string, page: PageRequest): Promise<MessagePage> {
    const url = `/api/conversations/${id}/messages`;
    return firstValueFrom(this.http.get<MessagePage>(url, { params: { ...page } }));
  }

  openDirect(userId: string): Promise<ConversationSummary> {
    return firstValueFrom(
      this.http.post<ConversationSummary>('/api/conversations/direct', { userId }),
    );
  }

  async channels(): Promise<ConversationSummary[]> {
    const answer = await firstValueFrom(
      this.http.get<{ groups: ConversationSummary[] }>('/api/groups'),
    );
    return answer.groups;
  }

  createGroup(request: CreateGroupRequest): Promise<ConversationSummary> {
    return firstValueFrom(this.http.post<ConversationSummary>('/api/groups', request));
  }

  join(id: string): Promise<ConversationSummary> {
    return firstValueFrom(this.http.post<ConversationSummary>(`/api/groups/${id}/join`, {}));
  }

  leave(id: string): Promise<void> {
    return firstValueFrom(this.http.post<void>(`/api/groups/${id}/leave`, {}));
  }

  async members(id: string): Promise<Member[]> {
    const answer = await firstValueFrom(
      this.http.get<{ members: Member[] }>(`/api/groups/${id}/members`),
    );
    return answer.members;
  }

  addMember(id: string, userId: string): Promise<void> {
    return firstValueFrom(this.http.post<void>(`/api/groups/${id}/members`, { userId }));
  }
}
