import { TestBed } from '@angular/core/testing';
import { user } from '../../../testing/builders';
import { ConversationsApi } from '../api/conversations-api';
import { PeopleApi } from '../api/people-api';
import { AuthApi } from '../api/auth-api';
import { ConversationsStore } from './conversations-store';
import { SessionStore } from '../auth/session-store';

describe('a step of a conversation that is not in the list', () => {
  const late = { conversationId: 'c', fromRev: 7, toRev: 7, rows: [] };
  let asked: string[];

  beforeEach(() => {
    asked = [];
    TestBed.configureTestingModule({
      providers: [
        {
          provide: ConversationsApi,
          useValue: {
            get: (id: string) => {
              asked.push(id);
              return new Promise(() => undefined);
            },
          },
        },
        { provide: PeopleApi, useValue: {} },
        { provide: AuthApi, useValue: {} },
      ],
    });
    TestBed.inject(SessionStore).setUser(user());
  });

  it('asks for the conversation', () => {
    TestBed.inject(ConversationsStore).applyStep(late);
    expect(asked).toEqual(['c']);
  });

  it('asks for nothing once one has left', () => {
    const store = TestBed.inject(ConversationsStore);
    store.lose('c');
    store.applyStep(late);
    expect(asked).toEqual([]);
  });
});
