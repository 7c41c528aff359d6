/** Microsoft's first client, `@aspnet/signalr` 1.x, which negotiates as it was done then. */

import {
  type HubConnection,
  HubConnectionBuilder,
  HttpTransportType,
  type IHttpConnectionOptions,
  type IHubProtocol,
  JsonHubProtocol,
  LogLevel,
} from '@aspnet/signalr';
import { MessagePackHubProtocol } from '@aspnet/signalr-protocol-msgpack';
import { expect, test } from '@playwright/test';
import { within } from '../support/deadline.ts';
import { hosts } from './support/hosts.ts';

interface Way {
  name: string;
  options: IHttpConnectionOptions;
  protocol: () => IHubProtocol;
}

const json = () => new JsonHubProtocol();
const messagePack = () => new MessagePackHubProtocol();
const webSockets = { transport: HttpTransportType.WebSockets };
const serverSentEvents = { transport: HttpTransportType.ServerSentEvents };
const longPolling = { transport: HttpTransportType.LongPolling };
const unannounced = { ...webSockets, skipNegotiation: true };

const ways: Way[] = [
  { name: 'JSON over WebSockets', options: webSockets, protocol: json },
  { name: 'JSON over WebSockets without negotiation', options: unannounced, protocol: json },
  { name: 'JSON over Server-Sent Events', options: serverSentEvents, protocol: json },
  { name: 'JSON over long polling', options: longPolling, protocol: json },
  { name: 'MessagePack over WebSockets', options: webSockets, protocol: messagePack },
  { name: 'MessagePack over long polling', options: longPolling, protocol: messagePack },
];

let connection: HubConnection;
test.afterEach('stop the connection', () => connection.stop());

for (const { name, options, protocol } of ways) {
  test.describe(name, () => {
    const connect = async (path: string, more: IHttpConnectionOptions = {}): Promise<void> => {
      connection = new HubConnectionBuilder()
        .withUrl(hosts.http + path, { ...options, ...more, logger: LogLevel.None })
        .withHubProtocol(protocol())
        .build();
      await within(10, 'a connection to start', connection.start());
    };

    test('calls are answered and refused', async () => {
      await connect('/testHub');

      expect(await connection.invoke('Echo', '你好，世界！')).toBe('你好，世界！');
      await expect(connection.invoke('Nowhere')).rejects.toThrow(
        "Failed to invoke 'Nowhere' due to an error on the server. HubException: Method does not exist.",
      );
      await expect(connection.invoke('ThrowException', 'that went wrong')).rejects.toThrow(
        "An unexpected error occurred invoking 'ThrowException' on the server. InvalidOperationException: that went wrong",
      );
    });

    test('the server calls back', async () => {
      await connect('/testHub');
      const message = new Promise((resolve) => connection.on('Message', resolve));

      await connection.send('InvokeWithString', 'to myself');

      expect(await within(5, 'a call of Message', message)).toBe('to myself');
    });

    test('streams arrive', async () => {
      await connect('/testHub');
      const letters: string[] = [];
      const complete = new Promise<void>((resolve, reject) => {
        connection.stream<string>('Stream').subscribe({
          next: (letter) => letters.push(letter),
          error: reject,
          complete: resolve,
        });
      });
      await within(5, 'the end of the stream', complete);
      expect(letters).toEqual(['a', 'b', 'c']);
    });

    test('streams can be cancelled as far as the client knows how', async () => {
      await connect('/testHub');
      const canceled = new Promise<void>((resolve) => connection.on('StreamCanceled', resolve));
      const endless = connection.stream('InfiniteStream').subscribe({
        next: () => undefined,
        error: () => undefined,
        complete: () => undefined,
      });
      await connection.invoke('Echo', 'meanwhile');

      if (protocol === messagePack) {
        // It could read streams before it could cancel them.
        expect(() => endless.dispose()).toThrow('Invalid message type.');
        return;
      }
      endless.dispose();
      await within(5, 'the stream to be cancelled', canceled);
    });

    test('a token opens the hub that asks for one', async () => {
      const accessTokenFactory = async () => (await fetch(`${hosts.http}/generateJwtToken`)).text();
      await connect('/authorizedHub', { accessTokenFactory });

      expect(await connection.invoke('Echo', 'let me in')).toBe('let me in');
    });

    test('an end that the server decides reaches the client', async () => {
      await connect('/uncreatable');
      const end = new Promise<Error | undefined>((resolve) => connection.onclose(resolve));

      expect((await within(5, 'the end', end))?.message).toContain(
        'Connection closed with an error. InvalidOperationException: Unable to resolve service',
      );
    });
  });
}

test('the first negotiation has one id for everything', async () => {
  const answer = await fetch(`${hosts.http}/testHub/negotiate`, { method: 'POST' });

  expect(await answer.json()).toEqual({
    negotiateVersion: 0,
    connectionId: expect.stringMatching(/^[\w-]{22}$/),
    availableTransports: [
      { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
      { transport: 'ServerSentEvents', transferFormats: ['Text'] },
      { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
    ],
  });
});
