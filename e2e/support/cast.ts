import { Api } from './api.ts';
import { Chatter } from './chatter.ts';
import type { ConversationSummary, Session } from './contract.ts';

/** The password of everybody in every test. */
export const PASSWORD = 'correct horse battery';

/** Where people are: a server, or a cluster. */
interface Home {
  readonly origin: string;
  setupCode(): Promise<string>;
}

/** The people of one server. The first makes the server's first account and invites the others. */
export class Cast {
  readonly #hubbub: Home;
  readonly #present: Chatter[] = [];
  #owner: Promise<Chatter> | undefined;
  #invitation: Promise<string> | undefined;
  #count = 0;

  constructor(hubbub: Home) {
    this.#hubbub = hubbub;
  }

  /** The person who set the server up. */
  owner(): Promise<Chatter> {
    this.#owner ??= this.#setUp();
    return this.#owner;
  }

  /** Several people, one for each name. */
  people<const Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [Place in keyof Names]: Chatter }> {
    const people = Promise.all(names.map((name) => this.person(name)));
    return people as Promise<{ [Place in keyof Names]: Chatter }>;
  }

  /** Somebody new, registered by invitation and not connected. The name is made unique. */
  async person(name: string): Promise<Chatter> {
    this.#invitation ??= this.#invite();
    const inviteCode = await this.#invitation;
    this.#count += 1;
    return this.#register(`${name}-${this.#count}`, { inviteCode });
  }

  /** Several new people, each connected. */
  async connected<Names extends string[]>(
    ...names: Names
  ): Promise<{ [Index in keyof Names]: Chatter }> {
    const people = await Promise.all(names.map((name) => this.person(name)));
    await Promise.all(people.map((person) => person.connect()));
    return people as { [Index in keyof Names]: Chatter };
  }

  /** Disconnects everybody. */
  async leave(): Promise<void> {
    await Promise.all(this.#present.map((chatter) => chatter.disconnect()));
    this.#present.length = 0;
  }

  async #setUp(): Promise<Chatter> {
    return this.#register('owner', { setupCode: await this.#hubbub.setupCode() });
  }

  async #invite(): Promise<string> {
    const owner = await this.owner();
    const invitation = await owner.api.post<{ code: string }>('/api/invitations', { maxUses: 100 });
    return invitation.code;
  }

  async #register(username: string, admission: object): Promise<Chatter> {
    const session = await new Api(this.#hubbub.origin).post<Session>('/api/auth/register', {
      username,
      password: PASSWORD,
      tokenDelivery: 'body',
      ...admission,
    });
    const chatter = new Chatter(this.#hubbub.origin, session);
    this.#present.push(chatter);
    return chatter;
  }
}

/** Makes a group of these people. */
export async function group(
  creator: Chatter,
  name: string,
  ...others: Chatter[]
): Promise<ConversationSummary> {
  return creator.api.post<ConversationSummary>('/api/groups', {
    name,
    memberIds: others.map((other) => other.user.id),
  });
}
