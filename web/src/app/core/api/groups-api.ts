import { inject, Service } from '@angular/core';
import { Api } from './generated/api';
import {
  acceptGroupInvitation,
  banUser,
  changeGroup,
  changeRole,
  createGroupInvitation,
  liftBan,
  listBans,
  listGroupInvitations,
  previewGroupInvitation,
  removeMember,
  revokeGroupInvitation,
} from './generated/functions';
import {
  Ban,
  ChangeSettingsRequest,
  ConversationSummary,
  CreatedInvitation,
  CreateInvitationRequest,
  GroupInvitationPreview,
  Invitation,
  MemberRole,
} from './generated/models';

/** What owners and admins do with a group or channel, and the way into one by a link. */
@Service()
export class GroupsApi {
  private readonly api = inject(Api);

  change(id: string, body: ChangeSettingsRequest): Promise<ConversationSummary> {
    return this.api.invoke(changeGroup, { id, body });
  }

  changeRole(id: string, userId: string, role: MemberRole): Promise<void> {
    return this.api.invoke(changeRole, { id, userId, body: { role } });
  }

  remove(id: string, userId: string): Promise<void> {
    return this.api.invoke(removeMember, { id, userId });
  }

  /** The first banned people by username. */
  async bans(id: string): Promise<Ban[]> {
    return (await this.api.invoke(listBans, { id })).bans;
  }

  ban(id: string, userId: string): Promise<void> {
    return this.api.invoke(banUser, { id, userId });
  }

  liftBan(id: string, userId: string): Promise<void> {
    return this.api.invoke(liftBan, { id, userId });
  }

  createInvitation(id: string, body: CreateInvitationRequest): Promise<CreatedInvitation> {
    return this.api.invoke(createGroupInvitation, { id, body });
  }

  /** The links that can still be used; what they are is not told again. */
  async invitations(id: string): Promise<Invitation[]> {
    return (await this.api.invoke(listGroupInvitations, { id })).invitations;
  }

  revokeInvitation(id: string, invitationId: string): Promise<void> {
    return this.api.invoke(revokeGroupInvitation, { id, invitationId });
  }

  previewInvitation(code: string): Promise<GroupInvitationPreview> {
    return this.api.invoke(previewGroupInvitation, { code });
  }

  acceptInvitation(code: string): Promise<ConversationSummary> {
    return this.api.invoke(acceptGroupInvitation, { code });
  }
}
