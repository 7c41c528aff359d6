import { inject, Service } from '@angular/core';
import { anonymously } from './anonymous';
import { Api } from './generated/api';
import {
  createHubTicket,
  describeServer,
  listSessions,
  login,
  logout,
  refresh,
  register,
  revokeSession,
} from './generated/functions';
import {
  DeviceSession,
  HubTicket,
  LoginRequest,
  RegisterRequest,
  ServerInfo,
  Session,
} from './generated/models';

/** Signing in and out, and the devices that are signed in. */
@Service()
export class AuthApi {
  private readonly api = inject(Api);

  server(): Promise<ServerInfo> {
    return this.api.invoke(describeServer, {}, anonymously());
  }

  register(body: RegisterRequest): Promise<Session> {
    return this.api.invoke(register, { body }, anonymously());
  }

  login(body: LoginRequest): Promise<Session> {
    return this.api.invoke(login, { body }, anonymously());
  }

  /** Spends the refresh cookie for a new access token and the next cookie. */
  refresh(): Promise<Session> {
    return this.api.invoke(refresh, { body: {} }, anonymously());
  }

  logout(): Promise<void> {
    return this.api.invoke(logout, { body: {} }, anonymously());
  }

  hubTicket(): Promise<HubTicket> {
    return this.api.invoke(createHubTicket);
  }

  async sessions(): Promise<DeviceSession[]> {
    return (await this.api.invoke(listSessions)).sessions;
  }

  endSession(id: string): Promise<void> {
    return this.api.invoke(revokeSession, { id });
  }
}
