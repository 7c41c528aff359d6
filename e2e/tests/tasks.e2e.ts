/** What anybody does on an ordinary day, found by the words on the screen alone; and by the keyboard, and on a telephone. */

import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

test('the tasks of a day', async ({ browser }) => {
  test.setTimeout(120_000);
  const [first, second] = await server.cast.connected('ada', 'ben');
  await group(second, 'Regatta', first);
  const ada = await Person.arrive(browser, first.user.displayName, server.hubbub.origin);
  const { page } = ada;
  const ben = second.user.displayName;

  await test.step('sign in, find someone, send', async () => {
    await ada.signsIn(first.user.username);
    await page.keyboard.press('Control+k');
    await ada.dialog('Go to').getByRole('combobox').fill(ben.slice(0, 3));
    await look(page, 'switcher');
    await ada.dialog('Go to').getByRole('option', { name: ben }).click();
    await ada.says(ben, 'Shall we sail **today**?');
    await ada.sees(ben, ['Shall we sail today?']);
  });

  const message = ada.messages(ben).first();
  await test.step('reply in a thread, react, edit', async () => {
    await ada.does('Reply in thread', message);
    const thread = page.getByRole('complementary', { name: 'Thread' });
    await thread.getByRole('textbox').fill('Around noon, I mean');
    await thread.getByRole('button', { name: 'Send' }).click();
    await expect(thread.getByRole('article')).toHaveCount(2);
    await thread.getByRole('button', { name: 'Close thread' }).click();
    await ada.does('React with 👍', message);
    await expect(message.getByRole('button', { name: /^👍/ })).toContainText('1');
    await ada.does('Edit', message);
    await ada.composer(ben).fill('Shall we sail tomorrow?\n```js\nlet wind = 4; // knots\n```');
    await ada.presses('Save');
    await expect(message).toContainText('tomorrow');
    await expect(message.locator('.keyword')).toHaveText('let');
    await look(page, 'code');
  });

  await test.step('filter what is on the side', async () => {
    const filter = page.getByRole('searchbox', { name: 'Filter by name' });
    await filter.fill('rega');
    await expect(ada.conversation('Regatta')).toBeVisible();
    await expect(ada.conversation(ben)).toBeHidden();
    await look(page, 'filter');
    await filter.fill('nobody like this');
    await expect(page.getByText('Nothing here is called “nobody like this”.')).toBeVisible();
    await filter.press('Escape');
    await expect(ada.conversation(ben)).toBeVisible();
  });

  await test.step('mute, leave a group, change the theme', async () => {
    await ada.presses('Notifications');
    await ada.presses('Mute for 8 hours');
    await expect(page.getByRole('dialog')).toContainText('Muted until');
    await ada.closesDialog();
    await expect(ada.conversation(ben)).toContainText('muted');
    await ada.opens('Regatta');
    await page.getByRole('button', { name: /^Show members/ }).click();
    await ada.presses('Leave this conversation');
    await ada.presses('Leave');
    await expect(ada.conversation('Regatta')).toBeHidden();
    await ada.presses('Account');
    await page.getByText('Dark', { exact: true }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await page.getByLabel('What are you up to?').fill('At sea');
    await page.getByLabel('Picture').selectOption('🌴');
    await page.getByLabel('Shown as').selectOption('Do not disturb');
    await page.getByLabel('For how long').selectOption('1 hour');
    await ada.dialog('Account').getByRole('button', { name: 'Save' }).last().click();
    await expect(page.getByRole('status').getByText(/^Until /)).toBeVisible();
    await look(page, 'account');
    await page.emulateMedia({ colorScheme: null });
    await page.getByText('Compact', { exact: true }).click();
    await page.getByLabel('Keep private how far I have read').check();
    await ada.closesDialog();
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expect(page.locator('html')).toHaveAttribute('data-density', 'compact');
    await ada.presses('Account');
    await expect(page.getByLabel('Keep private how far I have read')).toBeChecked();
    await ada.closesDialog();
  });

  expect(ada.watch.problems).toEqual([]);
  await ada.leaves();
});

test('by the keyboard alone, from right to left, and on a telephone', async ({ browser }) => {
  test.setTimeout(120_000);
  const [first, second] = await server.cast.connected('ada', 'ben');
  const { id } = await group(second, 'Harbour', first);
  await second.invoke('SendToGroup', id, 'مرحبا بالجميع (hello)');
  const ada = await Person.arrive(browser, first.user.displayName, server.hubbub.origin);
  const { page } = ada;
  const { keyboard } = page;
  await page.getByLabel('Username', { exact: true }).focus();
  await keyboard.type(first.user.username);
  await keyboard.press('Tab');
  await keyboard.type('correct horse battery');
  await keyboard.press('Enter');
  await expect(ada.conversations).toBeVisible();

  await test.step('go somewhere, write, edit, react, open a thread, come back', async () => {
    await keyboard.press('Control+k');
    await expect(ada.dialog('Go to').getByRole('option').first()).toBeVisible();
    await keyboard.type('harb');
    await keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(ada.messages('Harbour')).toHaveCount(1);
    await expect(ada.composer('Harbour')).toBeFocused();
    await keyboard.type('Hello from the keys');
    await expect(ada.composer('Harbour')).toHaveValue('Hello from the keys');
    await keyboard.press('Enter');
    await ada.sees('Harbour', ['مرحبا', 'Hello from the keys']);
    await keyboard.press('ArrowUp');
    await keyboard.type('board');
    await keyboard.press('Enter');
    await expect(ada.messages('Harbour').last()).toContainText('Hello from the keysboard');
    await ada.timeline('Harbour').focus();
    await keyboard.press('Control+k');
    await expect(ada.dialog('Go to').getByRole('option').first()).toBeVisible();
    await keyboard.type('harb');
    await expect(ada.dialog('Go to').getByRole('option')).toHaveCount(1);
    await keyboard.press('Enter');
    await expect(ada.composer('Harbour'), 'going to where one is').toBeFocused();
    await ada.timeline('Harbour').focus();
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowUp');
    await keyboard.press('Enter');
    await expect(page.getByRole('menuitem').first()).toBeFocused();
    await keyboard.press('Enter');
    await expect(
      ada.messages('Harbour').first().getByRole('button', { name: /^👍/ }),
    ).toBeVisible();
    await ada.messages('Harbour').first().focus();
    await keyboard.press('?');
    await expect(ada.dialog('Keyboard shortcuts')).toBeVisible();
    await look(page, 'shortcuts');
    await keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

  await test.step('a message from right to left stands on the right, its neighbours do not', async () => {
    const directions = await ada
      .messages('Harbour')
      .locator('app-message-text')
      .evaluateAll((texts) => texts.map((text) => getComputedStyle(text).direction));
    expect(directions).toEqual(['rtl', 'ltr']);
    await look(page, 'right-to-left');
  });

  await test.step('on a telephone one thing at a time', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await expect(ada.conversations).toBeHidden();
    await ada.does('Reply in thread', ada.messages('Harbour').last());
    const thread = page.getByRole('complementary', { name: 'Thread' });
    const box = await thread.boundingBox();
    expect(box?.width).toBe(390);
    await page.goBack();
    await expect(thread).toHaveCount(0);
    await page.getByRole('link', { name: 'Back to conversations' }).click();
    await expect(ada.conversations).toBeVisible();
  });

  expect(ada.watch.problems).toEqual([]);
  await ada.leaves();
});
