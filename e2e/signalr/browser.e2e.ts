/** Microsoft's client in Chromium, in a page of another origin than the hub's, and in a web worker of the same. */

import { type Page, expect, test } from '@playwright/test';
import type * as SignalR from '@microsoft/signalr';
import type * as MessagePack from '@microsoft/signalr-protocol-msgpack';
import { FragileNetwork } from './support/fragile-network.ts';
import { hosts } from './support/hosts.ts';
import { type Way, ways } from './support/ways.ts';

/** What the page's scripts have put there. */
interface Scripts {
  signalR: typeof SignalR & { protocols: { msgpack: typeof MessagePack } };
  /** The connection under test. */
  connection: SignalR.HubConnection;
}

const [json, messagePack] = [false, true].map((isBinary) =>
  ways.find((way) => way.isBinary === isBinary),
) as [Way, Way];

test.use({ ignoreHTTPSErrors: true });

/** Opens a page and connects in it. */
async function connect(page: Page, way: Way, address: string, token?: string): Promise<void> {
  await page.goto(hosts.site);
  const { options, isBinary } = way;
  await page.evaluate(
    async ([address, options, isBinary, token]) => {
      const scripts = window as unknown as Scripts;
      const { signalR } = scripts;
      const { MessagePackHubProtocol } = signalR.protocols.msgpack;
      scripts.connection = new signalR.HubConnectionBuilder()
        .withUrl(address, { ...options, ...(token && { accessTokenFactory: () => token }) })
        .withHubProtocol(isBinary ? new MessagePackHubProtocol() : new signalR.JsonHubProtocol())
        .withAutomaticReconnect()
        .withStatefulReconnect()
        .configureLogging(signalR.LogLevel.None)
        .build();
      await scripts.connection.start();
    },
    [address, options, isBinary, token] as const,
  );
}

for (const way of ways) {
  test.describe(way.name, () => {
    test('calls and streams go both ways', async ({ page }) => {
      await connect(page, way, `${hosts.http}/testHub`);

      const heard = await page.evaluate(async () => {
        const { connection, signalR } = window as unknown as Scripts;
        const message = new Promise((resolve) => connection.on('Message', resolve));
        const echo = await connection.invoke('Echo', '你好，世界！');
        await connection.send('InvokeWithString', 'to myself');
        const refusal = await connection.invoke('Echo', 42).catch(({ message }) => message);

        const letters: string[] = [];
        await new Promise<void>((resolve, reject) => {
          const next = (letter: string) => letters.push(letter);
          connection.stream('Stream').subscribe({ next, error: reject, complete: resolve });
        });
        const words = new signalR.Subject<string>();
        const sentence = connection.invoke('StreamingConcat', words);
        for (const word of ['so ', 'far ', 'so ', 'good']) words.next(word);
        words.complete();
        return { echo, message: await message, refusal, letters, sentence: await sentence };
      });

      expect(heard).toEqual({
        echo: '你好，世界！',
        message: 'to myself',
        refusal:
          "Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Error binding arguments. " +
          'Make sure that the types of the provided values match the types of the hub method being invoked.',
        letters: ['a', 'b', 'c'],
        sentence: 'so far so good',
      });
    });

    test('a connection behind TLS stops cleanly and starts again', async ({ page }) => {
      await connect(page, way, `${hosts.https}/testHub`);

      const heard = await page.evaluate(async () => {
        const { connection } = window as unknown as Scripts;
        const end = new Promise((resolve) =>
          connection.onclose((error) => resolve(error?.message)),
        );
        await connection.stop();
        const error = await end;
        await connection.start();
        return { error, echo: await connection.invoke('Echo', 'again') };
      });

      expect(heard).toEqual({ error: undefined, echo: 'again' });
    });

    test('a token opens the hub that asks for one', async ({ page }) => {
      const token = await (await fetch(`${hosts.http}/generateJwtToken`)).text();
      await connect(page, way, `${hosts.http}/authorizedHub`, token);

      const echo = await page.evaluate(() =>
        (window as unknown as Scripts).connection.invoke('Echo', 'let me in'),
      );

      expect(echo).toBe('let me in');
      await expect(connect(page, way, `${hosts.http}/authorizedHub`)).rejects.toThrow(
        way.options.skipNegotiation ? 'WebSocket failed to connect.' : "Status code '401'",
      );
    });

    test('a client that is told to leave stays away, and one that is told to come back does', async ({
      page,
    }) => {
      await connect(page, way, `${hosts.lifecycle}/lifecycle`);

      const heard = await page.evaluate(async () => {
        const { connection } = window as unknown as Scripts;
        const back = new Promise((resolve) => connection.onreconnected(resolve));
        const end = new Promise((resolve) =>
          connection.onclose((error) => resolve(error?.message)),
        );
        await connection.send('Close', null, true);
        await back;
        const numbers = await connection.invoke('Added');
        await connection.send('Close', 'the hub is full', false);
        return { numbers, end: await end };
      });

      expect(heard).toEqual({
        numbers: [],
        end: 'Server returned an error on close: the hub is full',
      });
    });
  });
}

for (const way of [json, messagePack]) {
  test(`${way.name}: a page whose sockets are cut again and again misses nothing`, async ({
    page,
  }) => {
    const network = await FragileNetwork.to(hosts.lifecycle, { losses: 20, longest: 4_000 });
    try {
      await connect(page, way, `${network.origin}/lifecycle`);
      const numbers = Array.from({ length: 200 }, (_, index) => index + 1);

      const heard = await page.evaluate(async (numbers) => {
        const { connection } = window as unknown as Scripts;
        const received: number[] = [];
        const all = new Promise<void>((resolve, reject) => {
          connection.onclose(reject);
          connection.on('Added', (number: number) => {
            received.push(number);
            if (received.length === numbers.length) resolve();
          });
        });
        await Promise.all(numbers.map((number) => connection.send('Add', number, 'x'.repeat(100))));
        await all;
        return { received, added: await connection.invoke('Added') };
      }, numbers);

      expect(network.losses).toBe(20);
      expect(heard).toEqual({ received: numbers, added: numbers });
    } finally {
      await network.close();
    }
  });
}

test('the client runs in a web worker', async ({ page }) => {
  // A page of the host itself: a worker's script comes from the page's origin.
  await page.route(`${hosts.http}/page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Worker</title>' }),
  );
  await page.goto(`${hosts.http}/page`);

  const echo = await page.evaluate(async () => {
    const source = `
      importScripts('${location.origin}/lib/signalr-webworker/signalr.js');
      onmessage = async ({ data }) => {
        const connection = new signalR.HubConnectionBuilder().withUrl('${location.origin}/testHub').build();
        connection.on('Message', (message) => postMessage(message));
        await connection.start();
        await connection.send('invokeWithString', data);
      };`;
    const worker = new Worker(URL.createObjectURL(new Blob([source])));
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.postMessage('from a worker');
    return answer;
  });

  expect(echo).toBe('from a worker');
});
