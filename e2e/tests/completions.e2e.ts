/** What is offered while somebody writes: people after @, emoji after a colon. */

import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

test('people and emoji are completed by keyboard and by pointer', async ({ browser }) => {
  const [first, second, third] = await server.cast.connected('ada', 'ben', 'bea');
  await group(first, 'Regatta', second, third);
  const ada = await Person.arrive(browser, first.user.displayName, server.hubbub.origin);
  await ada.signsIn(first.user.username);
  await ada.opens('Regatta');
  const box = ada.composer('Regatta');
  const options = ada.page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');

  await box.pressSequentially('Hello @');
  await expect(options).toHaveCount(3);
  await expect(options.last()).toHaveText('@allcalls all 2 others');
  await look(ada.page, 'completions');
  await box.pressSequentially(second.user.username.slice(0, -1));
  await expect(options).toHaveCount(1);
  await box.press('Enter');
  await expect(box).toHaveValue(`Hello @${second.user.username} `);
  await box.pressSequentially('and @');
  await options.filter({ hasText: third.user.displayName }).click();
  await box.pressSequentially(':tad');
  await expect(options.first()).toContainText(':tada:');
  await box.press('Tab');
  await box.pressSequentially('`:tada:` :+1:');
  await box.press('Enter');
  const said = `Hello @${second.user.username} and @${third.user.username} 🎉 :tada: 👍`;
  await ada.sees('Regatta', [said]);
  await expect(ada.messages('Regatta').first().locator('.mention')).toHaveCount(2);

  const ben = await Person.arrive(browser, second.user.displayName, server.hubbub.origin);
  await ben.signsIn(second.user.username);
  await ben.opens('Regatta');
  const own = ben.messages('Regatta').first().locator('.mention.self');
  await expect(own).toHaveText(`@${second.user.username}`);
});
