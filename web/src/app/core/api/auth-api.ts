import { HttpClient, HttpContext } from '@angular/common/http';
import { inject, Service } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import { ANONYMOUS } from './anonymous';
import {
  DeviceSession,
  HubTicket,
  LoginRequest,
  RegisterRequest,
  ServerInfo,
  Session,
} from './wire';

/** Signing in and out, and the devices that are signed in. */
@Service()
export class AuthApi {
  private readonly http = inject(HttpClient);

  server(): Promise<ServerInfo> {
    return firstValueFrom(this.http.get<ServerInfo>('/api/server', anonymous()));
  }

  register(request: RegisterRequest): Promise<Session> {
    return firstValueFrom(this.http.post<Session>('/api/auth/register', request, anonymous()));
  }

  login(request: LoginRequest): Promise<Session> {
    return firstValueFrom(this.http.post<Session>('/api/auth/login', request, anonymous()));
  }

  /** Spends the refresh cookie for a new access token and the next cookie. */
  refresh(): Promise<Session> {
    return firstValueFrom(this.http.post<Session>('/api/auth/refresh', {}, anonymous()));
  }

  logout(): Promise<void> {
    return firstValueFrom(this.http.post<void>('/api/auth/logout', {}, anonymous()));
  }

  hubTicket(): Promise<HubTicket> {
    return firstValueFrom(this.http.post<HubTicket>('/api/auth/hub-ticket', {}));
  }

  async sessions(): Promise<DeviceSession[]> {
    const answer = await firstValueFrom(
      this.http.get<{ sessions: DeviceSession[] }>('/api/users/me/sessions'),
    );
    return answer.sessions;
  }

  endSession(id: string): Promise<void> {
    return firstValueFrom(this.http.delete<void>(`/api/users/me/sessions/${id}`));
  }
}

function anonymous(): { context: HttpContext } {
  return { context: new HttpContext().set(ANONYMOUS, true) };
}
