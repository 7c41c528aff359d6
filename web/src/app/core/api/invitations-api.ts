import { inject, Service } from '@angular/core';
import { anonymously } from './anonymous';
import { Api } from './generated/api';
import { createInvitation, previewInvitation } from './generated/functions';
import { CreatedInvitation, CreateInvitationRequest, InvitationPreview } from './generated/models';

@Service()
export class InvitationsApi {
  private readonly api = inject(Api);

  create(body: CreateInvitationRequest): Promise<CreatedInvitation> {
    return this.api.invoke(createInvitation, { body });
  }

  preview(code: string): Promise<InvitationPreview> {
    return this.api.invoke(previewInvitation, { code }, anonymously());
  }
}
