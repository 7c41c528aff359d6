/** What a browser has kept is read without a server, and what is written meanwhile goes out once. */

import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile({ HUBBUB_SERVER__DRAIN_SECONDS: '1' });
/** A client that has waited in vain a few times may wait for up to 30 s once more. */
const RECONNECT_MS = 45_000;

test('a page is read, reloaded and written in while the server is away', async ({ browser }) => {
  test.setTimeout(180_000);
  const [first, second] = await server.cast.people('ada', 'ben');
  const { id } = await group(first, 'Harbour', second);
  const { id: other } = await group(first, 'Lighthouse', second);
  await second.connect();
  await second.invoke('SendToGroup', other, 'The lamp is lit');
  const ada = await Person.arrive(browser, first.user.displayName, server.hubbub.origin);
  await ada.signsIn(first.user.username);
  await ada.opens('Harbour');
  await second.invoke('SendToGroup', id, 'The tide is in');
  await ada.sees('Harbour', ['The tide is in']);
  await ada.keepsFiles();

  await test.step('the server is gone; a reload shows what was there', async () => {
    ada.watch.serverGoesAway();
    await server.cast.leave();
    expect(await server.hubbub.stop()).toBe(0);
    await ada.page.reload();
    await ada.sees('Harbour', ['The tide is in']);
    await ada.opens('Lighthouse');
    await ada.sees('Lighthouse', ['The lamp is lit']);
    await expect(ada.connectionBanner).toContainText('lost');
    await look(ada.page, 'offline');
  });

  await test.step('what is written waits, through another reload', async () => {
    await ada.opens('Harbour');
    await ada.says('Harbour', 'Cast off');
    await ada.says('Harbour', 'And hoist the sail');
    await expect(ada.connectionBanner).toContainText('2 messages are waiting');
    await ada.page.reload();
    await ada.sees('Harbour', ['The tide is in', 'Cast off', 'And hoist the sail']);
    await expect(ada.connectionBanner).toContainText('2 messages are waiting');
  });

  await test.step('signing out would delete it, and asks', async () => {
    await ada.presses('Account');
    await ada.presses('Sign out');
    const question = ada.page.getByRole('alert').filter({ hasText: 'have not been sent' });
    await expect(question).toContainText('2 messages');
    await look(ada.page, 'sign-out-unsent');
    await ada.presses('Stay signed in');
    await ada.closesDialog();
  });

  await test.step('the server is back: everything went out, once and in order', async () => {
    await server.hubbub.start();
    const said = ['The tide is in', 'Cast off', 'And hoist the sail'];
    await expect(ada.connectionBanner).toBeEmpty({ timeout: RECONNECT_MS });
    await ada.sees('Harbour', said, { timeout: RECONNECT_MS });
    ada.watch.serverIsBack();
    await expect
      .poll(async () => {
        const page = await second.api.get<{ messages: { body: string; system?: object }[] }>(
          `/api/conversations/${id}/messages`,
        );
        return page.messages.filter(({ system }) => !system).map(({ body }) => body);
      })
      .toEqual(said);
  });

  await test.step('signing out leaves nothing behind', async () => {
    await ada.presses('Account');
    await ada.presses('Sign out');
    await expect(ada.page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    const left = await ada.page.evaluate(async () => ({
      databases: (await indexedDB.databases()).map(({ name }) => name),
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
    }));
    expect(left).toEqual({ databases: [], local: [], session: [] });
  });

  expect(ada.watch.problems).toEqual([]);
  await ada.leaves();
});
