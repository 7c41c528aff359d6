/** What calls for attention, in the tab and through the system. */

import { type Page, expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

/** What the system shows of this browser's notifications. */
function notices(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const worker = await navigator.serviceWorker.ready;
    return (await worker.getNotifications()).map(({ title, body }) => `${title}: ${body}`);
  });
}

test('a message is notified once, and not any more when it was read elsewhere', async ({
  browser,
}) => {
  test.setTimeout(90_000);
  const [account, ben] = await server.cast.people('ada', 'ben');
  const { id } = await group(account, 'Harbour', ben);
  await ben.connect();

  const ada = await Person.arrive(browser, account.user.displayName, server.hubbub.origin);
  await ada.page.context().grantPermissions(['notifications']);
  await ada.signsIn(account.user.username);
  // Who looks at a conversation reads it.
  await ada.opens('General');
  await ada.keepsFiles();
  const icon = ada.page.locator('link[rel="icon"]');

  await test.step('nothing is shown before it was asked for; the tab says enough', async () => {
    await ben.invoke('SendToGroup', id, 'Is anybody there?');
    await expect(ada.page).toHaveTitle(/^\(1\) /);
    await expect(icon).toHaveAttribute('href', '/favicon-unread.svg');
    await ada.presses('Account');
    await ada.page.getByRole('checkbox', { name: /^Notify me/ }).check();
    await look(ada.page, 'account-notifications');
    await ada.closesDialog();
    expect(await notices(ada.page)).toEqual([]);
  });

  const second = await ada.opensAnotherTab();
  await expect(second.conversation('Harbour')).toBeVisible();

  await test.step('one notification, of two tabs', async () => {
    await ben.invoke('SendToGroup', id, 'The boat leaves now');
    const text = `${ben.user.displayName} in Harbour: The boat leaves now`;
    await expect.poll(() => notices(ada.page)).toEqual([text]);
    await expect(second.page).toHaveTitle(/^\(2\) /);
  });

  await test.step('it is withdrawn when the message is read on another device', async () => {
    await account.api.put(`/api/conversations/${id}/read`, { seq: 3 });
    await expect.poll(() => notices(ada.page)).toEqual([]);
    await expect(ada.page).not.toHaveTitle(/^\(/);
    await expect(icon).toHaveAttribute('href', '/favicon.svg');
  });

  expect([...ada.watch.problems, ...second.watch.problems]).toEqual([]);
  await ada.leaves();
});
