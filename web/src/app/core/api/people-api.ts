import { HttpClient } from '@angular/common/http';
import { inject, Service } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import { User, UserPage } from './wire';

@Service()
export class PeopleApi {
  private readonly http = inject(HttpClient);

  list(query: { query?: string; after?: string; limit?: number }): Promise<UserPage> {
    return firstValueFrom(this.http.get<UserPage>('/api/users', { params: { ...query } }));
  }

  get(id: string): Promise<User> {
    return firstValueFrom(this.http.get<User>(`/api/users/${id}`));
  }

  rename(displayName: string): Promise<User> {
    return firstValueFrom(this.http.patch<User>('/api/users/me', { displayName }));
  }
}
