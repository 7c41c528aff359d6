import { test } from '@playwright/test';
import {
  type HubConnection,
  HubConnectionBuilder,
  type IHttpConnectionOptions,
  LogLevel,
} from '@microsoft/signalr';
import { within } from '../../support/deadline.ts';
import type { Way } from './ways.ts';

const open = new Set<HubConnection>();

/** Stops, after each test of the file, whatever the test left connected. */
export function stopConnectionsAfterEachTest(): void {
  test.afterEach('stop what the test left connected', async () => {
    const all = [...open];
    open.clear();
    await Promise.all(all.map((connection) => connection.stop()));
  });
}

/** A builder for `way` that logs nothing: what goes wrong is for the test to tell. */
export function builder(
  address: string,
  way: Way,
  options: IHttpConnectionOptions = {},
): HubConnectionBuilder {
  return new HubConnectionBuilder()
    .withUrl(address, { ...way.options, ...options })
    .withHubProtocol(way.protocol())
    .configureLogging(LogLevel.None);
}

/** Starts a connection, which is stopped after the test. */
export async function start(connection: HubConnection): Promise<HubConnection> {
  open.add(connection);
  await within(10, 'a connection to start', connection.start());
  return connection;
}

/** Builds and starts a connection. */
export function connect(
  address: string,
  way: Way,
  options: IHttpConnectionOptions = {},
): Promise<HubConnection> {
  return start(builder(address, way, options).build());
}

/** The arguments with which the server next calls a method of the client. */
export function called(connection: HubConnection, method: string): Promise<unknown[]> {
  const call = new Promise<unknown[]>((resolve) => {
    connection.on(method, (...args: unknown[]) => resolve(args));
  });
  return within(5, `a call of ${method}`, call);
}

/** The connection's end, with its error if it had one. */
export function closed(connection: HubConnection): Promise<Error | undefined> {
  return within(
    10,
    'the end of a connection',
    new Promise((resolve) => connection.onclose(resolve)),
  );
}

/** The moment at which the client has begun to reconnect, with what made it do so. */
export function reconnecting(connection: HubConnection): Promise<Error | undefined> {
  const begun = new Promise<Error | undefined>((resolve) => connection.onreconnecting(resolve));
  return within(10, 'a client to begin reconnecting', begun);
}

/** The id that the connection has after it has reconnected. */
export function reconnected(connection: HubConnection): Promise<string | undefined> {
  const done = new Promise<string | undefined>((resolve) => connection.onreconnected(resolve));
  return within(10, 'a client to reconnect', done);
}

/** Everything that a stream yields, once it is complete. */
export function collect<T>(
  connection: HubConnection,
  method: string,
  ...args: unknown[]
): Promise<T[]> {
  const items: T[] = [];
  const complete = new Promise<T[]>((resolve, reject) => {
    connection.stream<T>(method, ...args).subscribe({
      next: (item) => items.push(item),
      error: reject,
      complete: () => resolve(items),
    });
  });
  return within(5, `the end of the stream of ${method}`, complete);
}
