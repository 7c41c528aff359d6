/** How connections end, and how clients come back. */

import { expect, test } from '@playwright/test';
import {
  builder,
  closed,
  connect,
  reconnected,
  reconnecting,
  start,
  stopConnectionsAfterEachTest,
} from './support/connections.ts';
import { FragileNetwork } from './support/fragile-network.ts';
import { hosts } from './support/hosts.ts';
import { Program } from './support/program.ts';
import { negotiatedWays, ways } from './support/ways.ts';

stopConnectionsAfterEachTest();

const NO_DELAYS = Array.from({ length: 100 }, () => 20);

/** How the server saw a connection end, once it has. */
async function endOf(id: string | null): Promise<string> {
  const response = fetch(`${hosts.lifecycle}/end/${id}`, { signal: AbortSignal.timeout(5_000) });
  return (await response).text();
}

for (const way of ways) {
  test.describe(way.name, () => {
    test('a connection that the server aborts ends without an error and stays away', async () => {
      const connection = builder(`${hosts.lifecycle}/lifecycle`, way)
        .withAutomaticReconnect(NO_DELAYS)
        .build();
      const end = closed(connection);
      let returned = false;
      connection.onreconnecting(() => (returned = true));
      await start(connection);

      await connection.send('Abort');

      expect(await end).toBeUndefined();
      expect(returned).toBe(false);
    });

    test('a connection that the server closes with an error reports it', async () => {
      const connection = await connect(`${hosts.lifecycle}/lifecycle`, way);
      const end = closed(connection);

      await connection.send('Close', 'the hub is full', false);

      expect((await end)?.message).toBe('Server returned an error on close: the hub is full');
    });

    test('a client that is told to reconnect does, and is a new connection', async () => {
      const connection = builder(`${hosts.lifecycle}/lifecycle`, way)
        .withAutomaticReconnect(NO_DELAYS)
        .build();
      await start(connection);
      const before = connection.connectionId;
      const [leaving, back] = [reconnecting(connection), reconnected(connection)];
      await connection.invoke('Add', 1, '');

      await connection.send('Close', null, true);

      await leaving;
      const after = await back;
      expect(after ?? null).toBe(connection.connectionId);
      if (before !== null) expect(after).not.toBe(before);
      expect(await connection.invoke('Added')).toEqual([]);
    });
  });
}

for (const way of negotiatedWays) {
  test.describe(way.name, () => {
    test('the server sees the goodbye of a client that stops', async () => {
      const connection = await connect(`${hosts.lifecycle}/lifecycle`, way);
      const id = connection.connectionId;

      await connection.stop();

      expect(await endOf(id)).toBe('ClosedByClient { error: None }');
    });

    test('a stopped connection can be started again', async () => {
      const connection = await connect(`${hosts.lifecycle}/lifecycle`, way);
      const before = connection.connectionId;
      await connection.stop();

      await start(connection);

      expect(connection.connectionId).not.toBe(before);
      expect(await connection.invoke('Added')).toEqual([]);
    });

    test('a client whose network fails comes back by itself', async () => {
      const network = await FragileNetwork.to(hosts.lifecycle);
      try {
        const connection = builder(`${network.origin}/lifecycle`, way)
          .withAutomaticReconnect(NO_DELAYS)
          .build();
        await start(connection);
        const before = connection.connectionId;
        const [leaving, back] = [reconnecting(connection), reconnected(connection)];

        network.cut();

        await leaving;
        expect(await back).not.toBe(before);
        expect(await connection.invoke('Added')).toEqual([]);
      } finally {
        await network.close();
      }
    });

    test('a server that stops sends its clients to the one that takes its place', async () => {
      const first = await Program.start('lifecycle', ['127.0.0.1:0'], 1);
      const [address = ''] = first.addresses;
      const connection = builder(`http://${address}/lifecycle`, way)
        .withAutomaticReconnect(NO_DELAYS)
        .build();
      let second: Program | undefined;
      try {
        await start(connection);
        const [leaving, back] = [reconnecting(connection), reconnected(connection)];

        expect(await first.stop()).toBe(0);
        await leaving;
        second = await Program.start('lifecycle', [address], 1);

        await back;
        expect(await connection.invoke('Added')).toEqual([]);
      } finally {
        await connection.stop();
        await first.kill();
        await second?.kill();
      }
    });
  });
}
