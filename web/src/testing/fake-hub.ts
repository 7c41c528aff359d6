import { Hub, HubFactory, HubStream } from '../app/core/realtime/hub';

/** A hub connection whose fate is in the test's hand. */
export class FakeHub implements Hub {
  state = 'Disconnected';
  readonly invocations: { method: string; args: unknown[] }[] = [];
  /** What the next invocations answer. */
  answer: (method: string, args: unknown[]) => Promise<unknown> = () => Promise.resolve(undefined);
  private readonly handlers = new Map<string, (...args: never[]) => void>();
  private closed: () => void = () => undefined;

  constructor(private readonly network: FakeNetwork) {}

  start(): Promise<void> {
    if (!this.network.up) return Promise.reject(new Error('no network'));
    this.state = 'Connected';
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.drop();
    return Promise.resolve();
  }

  invoke(method: string, ...args: unknown[]): Promise<unknown> {
    this.invocations.push({ method, args });
    return this.answer(method, args);
  }

  /** A stream's items are what the answer is made of. */
  stream(method: string, ...args: unknown[]): HubStream {
    return {
      subscribe: ({ next, error, complete }) => {
        this.invoke(method, ...args)
          .then((items) => {
            for (const item of (items ?? []) as unknown[]) next(item);
            complete();
          })
          .catch(error);
      },
    };
  }

  on(event: string, handler: (...args: never[]) => void): void {
    this.handlers.set(event, handler);
  }

  onclose(handler: () => void): void {
    this.closed = handler;
  }

  /** The connection is lost. */
  drop(): void {
    if (this.state !== 'Connected') return;
    this.state = 'Disconnected';
    this.closed();
  }

  /** The server sends an event. */
  emit(event: string, payload: unknown): void {
    (this.handlers.get(event) as ((payload: unknown) => void) | undefined)?.(payload);
  }
}

/** Makes the connections of a test, and remembers them. */
export class FakeNetwork {
  up = true;
  readonly hubs: FakeHub[] = [];

  readonly factory: HubFactory = () => {
    const hub = new FakeHub(this);
    this.hubs.push(hub);
    return hub;
  };

  get hub(): FakeHub {
    const hub = this.hubs.at(-1);
    if (!hub) throw new Error('nothing has connected yet');
    return hub;
  }
}
