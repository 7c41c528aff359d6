/** Connections that outlive their sockets: stateful reconnect, on a network that keeps cutting them. */

import { type HubConnection, HttpTransportType } from '@microsoft/signalr';
import { expect, test } from '@playwright/test';
import { within } from '../support/deadline.ts';
import { builder, start, stopConnectionsAfterEachTest } from './support/connections.ts';
import { FragileNetwork } from './support/fragile-network.ts';
import { hosts } from './support/hosts.ts';
import { negotiatedWays } from './support/ways.ts';

stopConnectionsAfterEachTest();

const LOSSES = 30;
const PADDING = 'x'.repeat(100);

let network: FragileNetwork;
test.afterEach(async () => {
  await network.close();
});

const overWebSockets = negotiatedWays.filter(
  ({ options }) => options.transport === HttpTransportType.WebSockets,
);

for (const way of overWebSockets) {
  const connect = (): Promise<HubConnection> =>
    start(builder(`${network.origin}/lifecycle`, way).withStatefulReconnect().build());

  // The shortest-lived sockets die while the other side repeats itself, the longest-lived in the middle of new messages.
  for (const longest of [400, 4_000, 40_000]) {
    test(`${way.name}, cut ${LOSSES} times within ${longest} bytes, loses, doubles and swaps no message`, async () => {
      network = await FragileNetwork.to(hosts.lifecycle, { losses: LOSSES, longest });
      const connection = await connect();
      const id = connection.connectionId;
      const received: number[] = [];
      let wake = () => {};
      connection.on('Added', (number: number) => {
        received.push(number);
        wake();
      });
      const broken = new Promise<never>((_, reject) => {
        connection.onclose((error) => reject(error ?? new Error('the connection was closed')));
      });
      broken.catch(() => undefined);

      let sent = 0;
      const sendSome = async (): Promise<void> => {
        for (let index = 0; index < 10; index += 1) {
          sent += 1;
          await connection.send('Add', sent, PADDING);
        }
        while (received.length < sent) {
          await new Promise<void>((resolve) => (wake = resolve));
        }
      };
      while (network.losses < LOSSES) {
        await within(10, 'some messages to go round', Promise.race([sendSome(), broken]));
      }
      await within(10, 'the last messages to go round', Promise.race([sendSome(), broken]));

      const all = Array.from({ length: sent }, (_, index) => index + 1);
      expect(received).toEqual(all);
      expect(await connection.invoke('Added')).toEqual(all);
      expect(connection.connectionId).toBe(id);
    });
  }

  test(`${way.name}: a call that is under way when the socket is lost is answered after it`, async () => {
    network = await FragileNetwork.to(hosts.lifecycle);
    const connection = await connect();

    const answer = connection.invoke('Added');
    network.cut();

    expect(await within(5, 'the answer', answer)).toEqual([]);
  });
}
