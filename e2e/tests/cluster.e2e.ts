/** Two people on different nodes behind one nginx, one of which dies. */

import { type Browser, expect, test } from '@playwright/test';
import { Cluster, type Node } from '../support/cluster.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';

/** A client that has waited in vain a few times may wait for up to 30 s once more, and then it has to catch up. */
const RECONNECT_MS = 45_000;

test('two people on two nodes talk, and go on when one of the nodes dies', async ({ browser }) => {
  test.setTimeout(200_000);
  const cluster = await Cluster.start({ tls: true });
  try {
    await story(browser, cluster);
  } finally {
    await cluster.dispose();
  }
});

async function story(browser: Browser, cluster: Cluster): Promise<void> {
  const ada = await Person.arrive(browser, 'Ada Lovelace', cluster.origin);
  const adasNode = await test.step('one sets up', async () => {
    await ada.page.getByLabel('Setup code').fill(await cluster.setupCode());
    await ada.introducesThemself();
    await ada.presses('Create the first account');
    await expect(ada.conversations).toBeVisible();
    return theOnlyNode(cluster);
  });

  const ben = await test.step('another joins on another node', async () => {
    const link = await ada.createsInvitation();
    await ada.closesDialog();
    const guest = await Person.arrive(browser, 'Ben Okri', link);
    await guest.introducesThemself();
    await guest.presses('Join');
    await expect(guest.conversations).toBeVisible();
    await arrivesElsewhere(guest, cluster, adasNode);
    return guest;
  });

  await test.step('they write, see each other and type', async () => {
    await ada.writesTo(ben);
    await ada.says(ben.name, 'Which node are you on?');
    await ben.opens(ada.name);
    await ben.says(ada.name, 'Another one than you.');
    for (const [person, other] of [
      [ada, ben],
      [ben, ada],
    ] as const) {
      await person.sees(other.name, ['Which node are you on?', 'Another one than you.']);
      await expect(person.conversation(other.name)).toContainText('online');
    }
    await ben.composer(ada.name).pressSequentially('And');
    await expect(ada.typingLine).toContainText(`${ben.name} is typing`);
    await ben.composer(ada.name).fill('');
  });

  await test.step('one of the nodes dies, and nothing is lost, doubled or out of order', async () => {
    cluster.kill(adasNode);
    const said = ['Which node are you on?', 'Another one than you.'];
    for (let number = 1; number <= 5; number++) {
      const [speaker, listener] = number % 2 === 0 ? [ada, ben] : [ben, ada];
      await speaker.says(listener.name, `after ${String(number)}`);
      said.push(`after ${String(number)}`);
    }
    await expect(ada.messages(ben.name)).toHaveCount(said.length, { timeout: RECONNECT_MS });
    await expect(ben.messages(ada.name)).toHaveCount(said.length, { timeout: RECONNECT_MS });
    const texts = async (person: Person, other: Person) =>
      (await person.messages(other.name).allInnerTexts()).map(
        (text) => said.find((sentence) => text.includes(sentence)) ?? text,
      );
    // What was written while the connection was away may have come later, but to both in one order.
    expect([...(await texts(ada, ben))].sort()).toEqual([...said].sort());
    expect(await texts(ada, ben)).toEqual(await texts(ben, ada));
    await look(ada.page, 'cluster');
  });
}

/** The node that serves the only person there is. */
async function theOnlyNode(cluster: Cluster): Promise<Node> {
  const counts = await settled(cluster, 1);
  const node = cluster.nodes[counts.indexOf(1)];
  if (!node) throw new Error(`one connection is not ${String(counts)}`);
  return node;
}

/** Opens the page until its connection is on another node than `taken`: where it lands is chance. */
async function arrivesElsewhere(person: Person, cluster: Cluster, taken: Node): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const counts = await settled(cluster, 2);
    if (counts[cluster.nodes.indexOf(taken)] === 1) return;
    await person.page.reload();
    await expect(person.conversations).toBeVisible();
  }
  throw new Error('twenty connections in a row went to one of three nodes');
}

/** The nodes' connections, when there are so many of them. */
async function settled(cluster: Cluster, total: number): Promise<number[]> {
  let counts: number[] = [];
  await expect(async () => {
    counts = await cluster.connections();
    expect(counts.reduce((sum, count) => sum + count)).toBe(total);
  }).toPass({ timeout: 20_000 });
  return counts;
}
