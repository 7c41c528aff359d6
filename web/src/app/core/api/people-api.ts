import { inject, Service } from '@angular/core';
import { Api } from './generated/api';
import { getUser, listUsers, updateMe } from './generated/functions';
import { User, UserPage } from './generated/models';

@Service()
export class PeopleApi {
  private readonly api = inject(Api);

  list(query: { query?: string; after?: string; limit?: number }): Promise<UserPage> {
    return this.api.invoke(listUsers, query);
  }

  get(id: string): Promise<User> {
    return this.api.invoke(getUser, { id });
  }

  rename(displayName: string): Promise<User> {
    return this.api.invoke(updateMe, { body: { displayName } });
  }
}
