/** The main job, in real browsers: people who set up, invite, find each other and talk. */

import { type Browser, expect, test } from '@playwright/test';
import { Hubbub } from '../support/hubbub.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';

/** A client that has waited in vain a few times may wait for up to 30 s once more, and then it has to catch up. */
const RECONNECT_MS = 45_000;

test('from the first start to a group that survives a restart', async ({ browser }) => {
  test.setTimeout(200_000);
  const hubbub = await Hubbub.start({ HUBBUB_SERVER__DRAIN_SECONDS: '1' });
  let failed = true;
  try {
    await story(browser, hubbub);
    failed = test.info().errors.length > 0;
  } finally {
    await hubbub.dispose({ keep: failed });
  }
});

async function story(browser: Browser, hubbub: Hubbub): Promise<void> {
  const ada = await Person.arrive(browser, 'Ada Lovelace', hubbub.origin);

  await test.step('the first person sets up with the printed code', async () => {
    await expect(ada.page.getByLabel('Setup code')).toBeVisible();
    await look(ada.page, 'setup');
    await ada.page.getByLabel('Setup code').fill(await hubbub.setupCode());
    await ada.introducesThemself();
    await ada.presses('Create the first account');
    await expect(ada.conversations).toBeVisible();
    await look(ada.page, 'first-run');
  });

  const invite = async (name: string, picture?: string): Promise<Person> => {
    const link = await ada.createsInvitation();
    if (picture) await look(ada.page, picture);
    await ada.closesDialog();
    const guest = await Person.arrive(browser, name, link);
    await expect(guest.page.getByRole('button', { name: 'Join' })).toBeVisible();
    if (picture) await look(guest.page, 'join');
    await guest.introducesThemself();
    await guest.presses('Join');
    await expect(guest.conversations).toBeVisible();
    return guest;
  };

  const ben = await test.step('she invites a second by link, who registers', () =>
    invite('Ben Okri', 'invite'));

  await test.step('they find each other and write, both ways', async () => {
    await ada.presses('New message');
    await ada.dialog('New message').getByRole('searchbox').fill('ben');
    await expect(ada.dialog('New message').getByRole('option', { name: ben.name })).toBeVisible();
    await look(ada.page, 'new-message');
    await ada.closesDialog();
    await ada.writesTo(ben);
    await look(ada.page, 'empty-conversation');
    await ada.says(ben.name, 'Hello Ben, can you hear me?');
    await expect(ben.conversation(ada.name)).toContainText('1 unread');
    await ben.opens(ada.name);
    await ben.says(ada.name, 'Loud and clear.');
    const texts = ['Hello Ben, can you hear me?', 'Loud and clear.'];
    await ada.sees(ben.name, texts);
    await ben.sees(ada.name, texts);
  });

  await test.step('they see each other online and typing', async () => {
    await expect(ada.conversation(ben.name)).toContainText('online');
    await expect(ben.conversation(ada.name)).toContainText('online');
    await ben.composer(ada.name).pressSequentially('Let me think');
    await expect(ada.typingLine).toContainText(`${ben.name} is typing`);
    await look(ada.page, 'conversation');
    await ben.composer(ada.name).fill('');
    await expect(ada.typingLine).not.toContainText('typing');
  });

  const cleo = await test.step('a third joins', () => invite('Cléo Dubois'));
  const everybody = [ada, ben, cleo];
  const said: string[] = [];

  await test.step('a group of three talks', async () => {
    await ada.preparesGroup('Harbour crew', ben, cleo);
    await look(ada.page, 'new-group');
    await ada.dialog('New group').getByRole('button', { name: 'Create group' }).click();
    await expect(ada.composer('Harbour crew')).toBeVisible();
    await ben.opens('Harbour crew');
    await cleo.opens('Harbour crew');
    for (const [index, speaker] of [ada, ben, cleo, ada].entries()) {
      const text = `${speaker.name} says number ${index + 1}`;
      await speaker.says('Harbour crew', text);
      said.push(text);
    }
    for (const person of everybody) await person.sees('Harbour crew', said);
    await cleo.composer('Harbour crew').pressSequentially('Just a moment');
    await expect(ada.typingLine).toContainText(`${cleo.name} is typing`);
    await expect(ben.typingLine).toContainText(`${cleo.name} is typing`);
    await cleo.composer('Harbour crew').fill('');
    await look(ada.page, 'group');
  });

  await test.step('a reload restores the session and the conversation', async () => {
    await ben.page.reload();
    await ben.sees('Harbour crew', said);
    await ben.says('Harbour crew', 'I reloaded the page');
    said.push('I reloaded the page');
    for (const person of everybody) await person.sees('Harbour crew', said);
  });

  await test.step('a restart under the open pages loses and doubles nothing', async () => {
    const mark = 'not reloaded since';
    for (const { page, watch } of everybody) {
      await page.evaluate((text) => (document.body.dataset['e2e'] = text), mark);
      watch.serverGoesAway();
    }
    expect(await hubbub.stop()).toBe(0);
    for (const person of everybody) await expect(person.connectionBanner).toContainText('lost');
    await ada.says('Harbour crew', 'Written while the server was away');
    said.push('Written while the server was away');
    await look(ada.page, 'connection-lost');

    await hubbub.start();
    for (const person of everybody) {
      // First: who wrote meanwhile sees the own message whether it has gone out or not.
      await expect(person.connectionBanner).toBeEmpty({ timeout: RECONNECT_MS });
      await person.sees('Harbour crew', said);
      person.watch.serverIsBack();
    }
    await ben.says('Harbour crew', 'And we are back');
    said.push('And we are back');
    for (const person of everybody) {
      await person.sees('Harbour crew', said);
      expect(await person.page.evaluate(() => document.body.dataset['e2e'])).toBe(mark);
    }
  });

  expect(ben.watch.problems).toEqual([]);
  await ben.leaves();

  await test.step('the other pages', async () => {
    await ada.presses('Browse channels');
    await expect(ada.dialog('Browse channels')).toBeVisible();
    await look(ada.page, 'browse-channels');
    await ada.closesDialog();
    await ada.presses('Account');
    await expect(ada.dialog('Account')).toBeVisible();
    await look(ada.page, 'account');
    await ada.closesDialog();
    const stranger = await Person.arrive(browser, 'Dora', hubbub.origin);
    await expect(stranger.page.getByRole('button', { name: 'Sign in' })).toBeVisible();
    await look(stranger.page, 'sign-in');
    expect(stranger.watch.problems).toEqual([]);
    await stranger.leaves();
  });

  await test.step('who closed the page is offline after a while', async () => {
    await expect(ada.conversation(ben.name)).toContainText('offline', { timeout: 30_000 });
  });

  expect(ada.watch.problems).toEqual([]);
  expect(cleo.watch.problems).toEqual([]);
}
