import { inject, Service } from '@angular/core';
import { Api } from './generated/api';
import {
  getMe,
  getMyStatus,
  getUser,
  listUsers,
  setMyStatus,
  updateMe,
} from './generated/functions';
import { OwnStatus, Profile, SetStatusRequest, User, UserPage } from './generated/models';

@Service()
export class PeopleApi {
  private readonly api = inject(Api);

  list(query: { query?: string; after?: string; limit?: number }): Promise<UserPage> {
    return this.api.invoke(listUsers, query);
  }

  get(id: string): Promise<User> {
    return this.api.invoke(getUser, { id });
  }

  me(): Promise<Profile> {
    return this.api.invoke(getMe);
  }

  /** Whether others see how far one has read, and one sees it of them. */
  keepReceiptsPrivate(privateReceipts: boolean): Promise<Profile> {
    return this.api.invoke(updateMe, { body: { privateReceipts } });
  }

  rename(displayName: string): Promise<User> {
    return this.api.invoke(updateMe, { body: { displayName } });
  }

  /** What one says of oneself. */
  status(): Promise<OwnStatus> {
    return this.api.invoke(getMyStatus);
  }

  setStatus(body: SetStatusRequest): Promise<OwnStatus> {
    return this.api.invoke(setMyStatus, { body });
  }
}
