/** The items of a server stream, as SignalR hands them out. */
export interface HubStream {
  subscribe(subscriber: {
    next: (item: unknown) => void;
    error: (error: unknown) => void;
    complete: () => void;
  }): unknown;
}

/** What is needed of a hub connection; Microsoft's has it. */
export interface Hub {
  start(): Promise<void>;
  stop(): Promise<void>;
  invoke(method: string, ...args: unknown[]): Promise<unknown>;
  stream(method: string, ...args: unknown[]): HubStream;
  on(event: string, handler: (...args: never[]) => void): void;
  onclose(handler: () => void): void;
  readonly state: string;
}

export type HubFactory = (ticket: () => Promise<string>) => Hub;
