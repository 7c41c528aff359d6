import {
  type HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  HubConnectionState,
  LogLevel,
} from '@microsoft/signalr';
import { Api } from './api.ts';
import { type Events, type Message, type Session, type User, eventNames } from './contract.ts';
import { within } from './deadline.ts';

/** An event that the server sent, with its payload. */
type Received = { [Name in keyof Events]: { name: Name; payload: Events[Name] } }[keyof Events];

/**
 * A signed-in person with Microsoft's own SignalR client, who remembers every event in the order of arrival.
 */
export class Chatter {
  readonly session: Session;
  readonly api: Api;
  readonly received: Received[] = [];
  readonly #origin: string;
  #connection: HubConnection | undefined;
  #listeners = new Set<() => void>();

  constructor(origin: string, session: Session) {
    this.#origin = origin;
    this.session = session;
    this.api = new Api(origin, session.accessToken);
  }

  get user(): User {
    return this.session.user;
  }

  /** Opens the hub connection with the access token, and waits for its first event. */
  async connect(transport?: HttpTransportType): Promise<void> {
    const connection = new HubConnectionBuilder()
      .withUrl(`${this.#origin}/hubs/chat`, {
        accessTokenFactory: () => this.session.accessToken,
        ...(transport === undefined ? {} : { transport }),
      })
      .configureLogging(LogLevel.None)
      .build();
    for (const name of eventNames) {
      connection.on(name, (payload) => {
        this.received.push({ name, payload });
        for (const listener of this.#listeners) listener();
      });
    }
    this.#connection = connection;
    const before = this.received.length;
    await connection.start();
    await this.next('Heads', () => true, before);
  }

  async disconnect(): Promise<void> {
    await this.#connection?.stop();
  }

  /** Whether the hub connection is open. */
  get isConnected(): boolean {
    return this.#connection?.state === HubConnectionState.Connected;
  }

  /** The hub connection's end, with its error if it had one. */
  closed(): Promise<Error | undefined> {
    const connection = this.#connection;
    const closed = new Promise<Error | undefined>((resolve) => connection?.onclose(resolve));
    return within(5, `the end of ${this.user.username}'s connection`, closed);
  }

  /** Calls a hub method. */
  invoke<T = unknown>(method: string, ...args: unknown[]): Promise<T> {
    if (!this.#connection) throw new Error(`${this.user.username} is not connected`);
    return this.#connection.invoke<T>(method, ...args);
  }

  /** All that a server stream hands out. */
  stream<T>(method: string, ...args: unknown[]): Promise<T[]> {
    const connection = this.#connection;
    if (!connection) throw new Error(`${this.user.username} is not connected`);
    const items: T[] = [];
    const whole = new Promise<T[]>((resolve, reject) => {
      connection.stream<T>(method, ...args).subscribe({
        next: (item) => items.push(item),
        error: reject,
        complete: () => resolve(items),
      });
    });
    return within(15, `the end of ${method}`, whole);
  }

  /** The first event of that name that matches, which may have come already, but not before the `from`th event. */
  next<Name extends keyof Events>(
    name: Name,
    matches: (payload: Events[Name]) => boolean,
    from = 0,
    seconds = 5,
  ): Promise<Events[Name]> {
    const find = () =>
      this.received
        .slice(from)
        .find((event) => event.name === name && matches(event.payload as Events[Name]));
    return this.#until(`${name} to ${this.user.username}`, seconds, () => {
      const found = find();
      return found && (found.payload as Events[Name]);
    });
  }

  /** What people wrote in a conversation in the order in which it came, once there is so much. */
  messages(conversationId: string, count: number): Promise<Message[]> {
    return this.#until(`${count} messages to ${this.user.username}`, 15, () => {
      const messages = this.messagesSoFar(conversationId);
      return messages.length >= count ? messages : undefined;
    });
  }

  messagesSoFar(conversationId: string): Events['ReceiveMessage'][] {
    return this.received.flatMap((event) =>
      event.name === 'ReceiveMessage' &&
      event.payload.conversationId === conversationId &&
      !event.payload.system
        ? [event.payload]
        : [],
    );
  }

  async #until<T>(awaited: string, seconds: number, find: () => T | undefined): Promise<T> {
    let listener = () => {};
    const found = new Promise<T>((resolve) => {
      listener = () => {
        const thing = find();
        if (thing !== undefined) resolve(thing);
      };
    });
    this.#listeners.add(listener);
    listener();
    try {
      return await within(seconds, awaited, found, () =>
        this.received.map((event) => JSON.stringify(event)).join('\n'),
      );
    } finally {
      this.#listeners.delete(listener);
    }
  }
}
