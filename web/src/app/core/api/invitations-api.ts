import { HttpClient, HttpContext } from '@angular/common/http';
import { inject, Service } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import { ANONYMOUS } from './anonymous';
import { Invitation, InvitationPreview } from './wire';

@Service()
export class InvitationsApi {
  private readonly http = inject(HttpClient);

  create(request: { expiresInHours?: number; maxUses?: number }): Promise<Invitation> {
    return firstValueFrom(this.http.post<Invitation>('/api/invitations', request));
  }

  preview(code: string): Promise<InvitationPreview> {
    const url = `/api/invitations/${encodeURIComponent(code)}/preview`;
    const context = new HttpContext().set(ANONYMOUS, true);
    return firstValueFrom(this.http.get<InvitationPreview>(url, { context }));
  }
}
