/** Every transport of Microsoft's client through nginx and three nodes, for as long as SOAK_MINUTES says. */

import { HttpTransportType } from '@microsoft/signalr';
import { expect, test } from '@playwright/test';
import { Cast, group } from '../support/cast.ts';
import type { Chatter } from '../support/chatter.ts';
import { Cluster } from '../support/cluster.ts';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10);
/** Signing in lasts ten minutes; the connection is older than that only if it was renewed, which is another test. */
const PAUSE_MS = 250;

const TRANSPORTS = [
  ['a Server-Sent-Events client', HttpTransportType.ServerSentEvents],
  ['a long-polling client', HttpTransportType.LongPolling],
  ['another long-polling client', HttpTransportType.LongPolling],
  ['a WebSocket client', HttpTransportType.WebSockets],
] as const;

test(`they talk for ${String(MINUTES)} minutes without an error`, async () => {
  test.setTimeout((MINUTES + 2) * 60_000);
  const cluster = await Cluster.start({
    tls: false,
    environment: { HUBBUB_AUTH__ACCESS_TOKEN_MINUTES: '60' },
  });
  const cast = new Cast(cluster);
  try {
    const people = await cast.people('sse', 'poll', 'poll', 'ws');
    const [first, ...others] = people;
    const { id } = await group(first, 'Soak', ...others);
    await Promise.all(people.map((person, place) => person.connect(TRANSPORTS[place]?.[1])));
    const sent = await talk(people, id);
    for (const [place, person] of people.entries()) {
      const name = TRANSPORTS[place]?.[0] ?? '';
      const heard = await person.messages(id, sent.length);
      expect(heard.map(({ body }) => body).sort(), name).toEqual([...sent].sort());
      const seqs = heard.map(({ seq }) => seq);
      expect(seqs, `${name}: in order`).toEqual([...seqs].sort((one, other) => one - other));
      expect(person.isConnected, `${name} was never disconnected`).toBe(true);
    }
    console.log(`${String(sent.length)} messages came to ${String(people.length)} clients`);
  } finally {
    await cast.leave();
    await cluster.dispose();
  }
});

/** Everybody says something in turn. Answers what was said; a refusal, or a connection that ends, fails the test. */
async function talk(people: readonly Chatter[], group: string): Promise<string[]> {
  const end = Date.now() + MINUTES * 60_000;
  const sent: string[] = [];
  while (Date.now() < end) {
    for (const person of people) {
      const text = `${String(sent.length)} by ${person.user.username}`;
      await person.invoke('SendToGroup', group, text);
      sent.push(text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return sent;
}
