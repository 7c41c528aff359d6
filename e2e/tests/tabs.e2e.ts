/** Two tabs of one browser: they share a connection and an outbox, and either may go. */

import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();
/** How soon the second tab has to have taken over. */
const INVISIBLE_MS = 3_000;

test('the tab with the connection is closed in the middle of a conversation', async ({
  browser,
}) => {
  test.setTimeout(120_000);
  const [account, ben] = await server.cast.people('ada', 'ben');
  const { id } = await group(account, 'Harbour', ben);
  await ben.connect();

  const first = await Person.arrive(browser, account.user.displayName, server.hubbub.origin);
  await first.signsIn(account.user.username);
  await first.opens('Harbour');
  const second = await first.opensAnotherTab();
  await second.opens('Harbour');
  const tabs = [first, second];
  const said: string[] = [];
  const sees = async (tab: Person) => tab.sees('Harbour', said);

  await test.step('there is one connection, and both tabs live by it', async () => {
    expect([first.sockets, second.sockets]).toEqual([1, 0]);
    await ben.invoke('SendToGroup', id, 'Can you both hear me?');
    said.push('Can you both hear me?');
    for (const tab of tabs) await sees(tab);
    await second.says('Harbour', 'The second tab speaks');
    said.push('The second tab speaks');
    for (const tab of tabs) await sees(tab);
    await first.says('Harbour', 'And the first');
    said.push('And the first');
    for (const tab of tabs) await sees(tab);
  });

  await test.step('the first is closed while the second has just sent something', async () => {
    await second.says('Harbour', 'Written in the moment of the change');
    await first.page.close();
    said.push('Written in the moment of the change');
    await second.says('Harbour', 'And right after it');
    said.push('And right after it');
    await ben.messages(id, said.length);
    await ben.invoke('SendToGroup', id, 'I hear every word');
    said.push('I hear every word');
    await second.sees('Harbour', said, { timeout: INVISIBLE_MS });
    await expect(second.connectionBanner).toBeEmpty();
    expect(second.sockets).toBe(1);
  });

  await test.step('nothing was lost, doubled or re-ordered for the other side', async () => {
    const bodies = (await ben.messages(id, said.length)).map(({ body }) => body);
    expect(bodies).toEqual(said);
    await second.page.reload();
    await sees(second);
  });

  await test.step('signing out in one tab is signing out in all', async () => {
    const third = await second.opensAnotherTab();
    await third.opens('Harbour');
    await second.presses('Account');
    await second.presses('Sign out');
    for (const tab of [second, third]) {
      await expect(tab.page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    }
    const names = await third.page.evaluate(async () => indexedDB.databases());
    expect(names).toEqual([]);
  });

  expect([...first.watch.problems, ...second.watch.problems]).toEqual([]);
  await second.leaves();
});
