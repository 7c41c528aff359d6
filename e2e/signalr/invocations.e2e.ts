/** Calls in both directions, by Microsoft's client of today, in every way there is. */

import { HubConnectionState } from '@microsoft/signalr';
import { expect, test } from '@playwright/test';
import { called, connect, stopConnectionsAfterEachTest } from './support/connections.ts';
import { hosts } from './support/hosts.ts';
import { negotiatedWays, ways } from './support/ways.ts';

stopConnectionsAfterEachTest();

for (const way of ways) {
  test.describe(way.name, () => {
    const connectToTestHub = () => connect(`${hosts.http}/testHub`, way);

    test('an argument comes back as it went, in any script and size', async () => {
      const connection = await connectToTestHub();

      for (const text of ['你好，世界！', '', 'x'.repeat(30_000), '"\\\u001e\u0000\n🎉']) {
        expect(await connection.invoke('Echo', text)).toBe(text);
      }
    });

    test('the same is true behind TLS', async () => {
      const connection = await connect(`${hosts.https}/testHub`, way);

      expect(await connection.invoke('Echo', '你好，世界！')).toBe('你好，世界！');
    });

    test('a method is found whatever the case of its name', async () => {
      const connection = await connectToTestHub();

      expect(await connection.invoke('eCHO', 'who?')).toBe('who?');
    });

    test('the server calls back with what it was sent', async () => {
      const connection = await connectToTestHub();
      const message = called(connection, 'message');
      const object = called(connection, 'customObject');

      await connection.send('InvokeWithString', 'to myself');
      await connection.invoke('SendCustomObject', { Name: 'answer', Value: 42 });

      expect(await message).toEqual(['to myself']);
      expect(await object).toEqual([{ Name: 'answer', Value: 42 }]);
    });

    test('an object with every kind of member survives the way there and back', async () => {
      const connection = await connectToTestHub();
      const [bytes, moment] = way.isBinary
        ? [new Uint8Array([4, 5, 6]), new Date('2002-04-01T10:20:15Z')]
        : ['BAUG', '2002-04-01T10:20:15Z'];
      const object = {
        String: 'Hello, World!',
        IntArray: [0x7f, 0x7fff, 0x7fffffff],
        ByteArray: bytes,
        Guid: '00010203-0405-0607-0706-050403020100',
        DateTime: moment,
      };

      expect(await connection.invoke('EchoComplexObject', object)).toEqual(object);
    });

    test('an object made by the server has every kind of member', async () => {
      const connection = await connectToTestHub();

      expect(await connection.invoke('SendComplexObject')).toEqual({
        String: 'hello world',
        IntArray: [1, 2, 3],
        ByteArray: way.isBinary ? new Uint8Array([1, 2, 3]) : 'AQID',
        Guid: '00010203-0405-0607-0706-050403020100',
        DateTime: way.isBinary ? new Date('2000-01-01T00:00:00Z') : '2000-01-01T00:00:00Z',
      });
    });

    test('a call that cannot be made says why, and the connection goes on', async () => {
      const connection = await connectToTestHub();
      const refusal = (method: string, ...args: unknown[]) =>
        connection.invoke(method, ...args).then(String, ({ message }: Error) => message);
      const failed = (method: string) =>
        `Failed to invoke '${method}' due to an error on the server.`;
      const mismatch =
        'Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.';

      expect(await refusal('Echo', 42)).toBe(`${failed('Echo')} InvalidDataException: ${mismatch}`);
      expect(await refusal('Echo')).toBe(
        `${failed('Echo')} InvalidDataException: Invocation provides 0 argument(s) but target expects 1.`,
      );
      expect(await refusal('Echo', 'one', 'two')).toBe(
        `${failed('Echo')} InvalidDataException: Invocation provides 2 argument(s) but target expects 1.`,
      );
      expect(await refusal('Nowhere')).toBe(
        `${failed('Nowhere')} HubException: Method does not exist.`,
      );
      expect(await refusal('ThrowException', 'that went wrong')).toBe(
        "An unexpected error occurred invoking 'ThrowException' on the server. InvalidOperationException: that went wrong",
      );
      expect(await refusal('Stream')).toBe(
        "The client attempted to invoke the streaming 'Stream' method with a non-streaming invocation.",
      );
      expect(await connection.invoke('Echo', 'still here')).toBe('still here');
    });

    test('a call that nobody waits for is never answered, not even when it fails', async () => {
      const connection = await connectToTestHub();

      await connection.send('Nowhere');
      await connection.send('Echo', 42);
      await connection.send('ThrowException', 'unheard');

      expect(await connection.invoke('Echo', 'next')).toBe('next');
      expect(connection.state).toBe(HubConnectionState.Connected);
    });

    test('a thousand calls at once are each answered with their own result', async () => {
      const connection = await connectToTestHub();
      const words = Array.from({ length: 1_000 }, (_, index) => `word ${index}`);

      const echoes = await Promise.all(words.map((word) => connection.invoke('Echo', word)));

      expect(echoes).toEqual(words);
    });

    test('the hub knows its transport', async () => {
      const connection = await connectToTestHub();
      const names = { 1: 'WebSockets', 2: 'ServerSentEvents', 4: 'LongPolling' };
      const transport = way.options.transport as keyof typeof names;

      expect(await connection.invoke('GetActiveTransportName')).toBe(names[transport]);
    });
  });
}

for (const way of negotiatedWays) {
  test.describe(way.name, () => {
    const ask = async (id: string | null): Promise<string> =>
      (await fetch(`${hosts.http}/clientresult/${id}`)).text();

    test('client and hub agree on the id of the connection', async () => {
      const connection = await connect(`${hosts.http}/testHub`, way);

      expect(await connection.invoke('GetCallerConnectionId')).toBe(connection.connectionId);
    });

    test('the server asks the client for a result', async () => {
      const connection = await connect(`${hosts.http}/testHub`, way);
      connection.on('Result', () => 10);

      expect(await ask(connection.connectionId)).toBe('10');
    });

    test('a client that fails, or has no answer, or is not there says so', async () => {
      const connection = await connect(`${hosts.http}/testHub`, way);
      expect(await ask(connection.connectionId)).toBe("Client didn't provide a result.");

      connection.on('Result', () => {
        throw new Error('not today');
      });
      expect(await ask(connection.connectionId)).toBe('Error: not today');
      expect(await ask('nobody')).toBe("Connection 'nobody' does not exist.");

      expect(await connection.invoke('Echo', 'still here')).toBe('still here');
    });
  });
}
