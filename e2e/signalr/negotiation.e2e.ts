/** How a client gets in: negotiation, redirects, cookies, headers, tokens. */

import { HttpTransportType, LogLevel, TransferFormat } from '@microsoft/signalr';
// The connection below hubs, which the package keeps to itself.
import { HttpConnection } from '@microsoft/signalr/dist/cjs/HttpConnection.js';
import { expect, test } from '@playwright/test';
import { within } from '../support/deadline.ts';
import {
  builder,
  closed,
  connect,
  start,
  stopConnectionsAfterEachTest,
} from './support/connections.ts';
import { hosts } from './support/hosts.ts';
import { type Way, negotiatedWays, transports, ways } from './support/ways.ts';

stopConnectionsAfterEachTest();

const [webSockets] = ways as [Way];

async function token(): Promise<string> {
  return (await fetch(`${hosts.http}/generateJwtToken`)).text();
}

for (const way of ways) {
  test.describe(way.name, () => {
    test('a token opens the hub that asks for one', async () => {
      const connection = await connect(`${hosts.http}/authorizedHub`, way, {
        accessTokenFactory: token,
      });

      expect(await connection.invoke('Echo', 'let me in')).toBe('let me in');
    });

    test('headers of the client and the query reach the hub', async () => {
      const connection = await connect(`${hosts.http}/testHub?numRedirects=7`, way, {
        headers: { 'X-Colour': 'green' },
      });

      expect(await connection.invoke('GetHeader', 'x-colour')).toBe('green');
      expect(await connection.invoke('GetHeader', 'x-shape')).toBeNull();
      expect(await connection.invoke('GetNumRedirects')).toBe(7);
    });
  });
}

for (const way of negotiatedWays) {
  test.describe(way.name, () => {
    test('cookies set by the negotiation come back, the expired one does not', async () => {
      for (const host of [hosts.http, hosts.https]) {
        const connection = await connect(`${host}/testHub`, way);

        expect(await connection.invoke('GetCookie', 'testCookie')).toBe('testValue');
        expect(await connection.invoke('GetCookie', 'testCookie2')).toBe('testValue2');
        expect(await connection.invoke('GetCookie', 'expiredCookie')).toBeNull();
      }
    });

    test('a negotiation may send the client elsewhere, each time anew', async () => {
      const connection = await connect(`${hosts.http}/redirect?baseUrl=${hosts.http}`, way);
      const first = await connection.invoke<number>('GetNumRedirects');
      await connection.stop();

      await start(connection);

      expect(first).toBeGreaterThan(0);
      expect(await connection.invoke('GetNumRedirects')).toBeGreaterThan(first);
    });

    test('without a token the client is turned away', async () => {
      const connection = builder(`${hosts.http}/authorizedHub`, way).build();

      await expect(connection.start()).rejects.toThrow(
        "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'",
      );
    });
  });
}

for (const way of transports) {
  const name = way.name.replace('JSON', 'bare bytes');
  // WebSockets and event sources follow no redirects in Node.
  const isFetched = way.options.transport === HttpTransportType.LongPolling;
  for (const path of isFetched ? ['/echo', '/echoRedirect'] : ['/echo']) {
    test(`${name} come back from ${path} without any hub`, async () => {
      const connection = new HttpConnection(hosts.http + path, {
        ...way.options,
        logger: LogLevel.None,
      });
      const message = 'Hello, bare World! 你好';
      const received = new Promise<unknown>((resolve) => {
        let text = '';
        connection.onreceive = (data) => {
          text += data.toString();
          if (text.length >= message.length) resolve(text);
        };
      });

      await connection.start(TransferFormat.Text);
      await connection.send(message);

      expect(await within(5, 'the echo', received)).toBe(message);
      await connection.stop();
    });
  }
}

test('without a token no WebSocket is opened either', async () => {
  const options = { skipNegotiation: true };
  const connection = builder(`${hosts.http}/authorizedHub`, webSockets, options).build();

  await expect(connection.start()).rejects.toThrow('WebSocket failed to connect.');
});

test('pages of origins that the hub does not know are kept out', async () => {
  const address = `${hosts.lifecycle}/lifecycle`;
  const stranger = { headers: { Origin: 'http://stranger.example' } };
  const known = await connect(address, webSockets, { headers: { Origin: hosts.site } });
  const unannounced = { ...stranger, skipNegotiation: true };

  expect(await known.invoke('Added')).toEqual([]);
  await expect(builder(address, webSockets, unannounced).build().start()).rejects.toThrow(
    'WebSocket failed to connect.',
  );
});

test('a client is told of a negotiation that went wrong in the words of the server', async () => {
  const connection = builder(`${hosts.http}/bad-negotiate`, webSockets).build();

  await expect(connection.start()).rejects.toThrow(
    "Failed to complete negotiation with the server: Error: Some response from server: Status code '400'",
  );
});

test('a path without a hub is not found', async () => {
  const connection = builder(`${hosts.http}/noHub`, webSockets).build();

  await expect(connection.start()).rejects.toThrow("Status code '404'");
});

test('a client takes the best transport that the hub offers', async () => {
  const all = HttpTransportType.WebSockets | HttpTransportType.ServerSentEvents;
  const best = await connect(`${hosts.http}/testHub`, webSockets, { transport: all });
  const next = await connect(`${hosts.http}/testHub-noWebSockets`, webSockets, { transport: all });

  expect(await best.invoke('GetActiveTransportName')).toBe('WebSockets');
  expect(await next.invoke('GetActiveTransportName')).toBe('ServerSentEvents');
});

test('a transport that the hub does not offer cannot be had', async () => {
  const connection = builder(`${hosts.http}/testHub-noWebSockets`, webSockets).build();

  await expect(connection.start()).rejects.toThrow(
    'Unable to connect to the server with any of the available transports.',
  );
});

test('MessagePack does not go over Server-Sent Events', async () => {
  const binary = ways.find(({ isBinary }) => isBinary) as Way;
  const connection = builder(`${hosts.http}/testHub`, binary, {
    transport: HttpTransportType.ServerSentEvents,
  }).build();

  await expect(connection.start()).rejects.toThrow(
    'Unable to connect to the server with any of the available transports.',
  );
});

for (const way of transports) {
  test(`${way.name}: a connection that the hub cannot serve ends with the reason`, async () => {
    const connection = builder(`${hosts.http}/uncreatable`, way).build();
    const end = closed(connection);

    await start(connection);

    expect((await end)?.message).toBe(
      'Server returned an error on close: Connection closed with an error. InvalidOperationException: ' +
        "Unable to resolve service for type 'System.Object' while attempting to activate 'FunctionalTests.UncreatableHub'.",
    );
  });
}
