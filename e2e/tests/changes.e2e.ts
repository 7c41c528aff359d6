/** What happens to messages and groups after they are made, in real browsers. */

import { type Browser, expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import type { Chatter } from '../support/chatter.ts';
import { Line } from '../support/line.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();
/** A client that has waited in vain a few times may wait for up to 30 s once more, and then it has to catch up. */
const RECONNECT_MS = 45_000;

/** An account that was made beforehand, at a browser. */
async function arrive(browser: Browser, account: Chatter): Promise<Person> {
  const person = await Person.arrive(browser, account.user.displayName, server.hubbub.origin);
  await person.signsIn(account.user.username);
  return person;
}

test('what was written is edited, reacted to, answered, deleted and taken back', async ({
  browser,
}) => {
  test.setTimeout(120_000);
  const [first, second] = await server.cast.people('ada', 'ben');
  await group(first, 'Harbour', second);
  const [ada, ben] = [await arrive(browser, first), await arrive(browser, second)];
  await ada.opens('Harbour');
  await ben.opens('Harbour');
  await expect(ben.timeline('Harbour')).toContainText(`${ada.name} started this conversation`);

  await test.step('edit, and read what it said before', async () => {
    await ada.says('Harbour', 'The bote leaves at noon');
    await ada.sees('Harbour', ['The bote leaves at noon']);
    await ada.composer('Harbour').press('ArrowUp');
    await expect(ada.composer('Harbour')).toHaveValue('The bote leaves at noon');
    await ada.composer('Harbour').fill(`The boat leaves at noon, @${second.user.username}`);
    await ada.composer('Harbour').press('Enter');
    await ben.sees('Harbour', ['The boat leaves at noon']);
    await ben
      .messages('Harbour')
      .getByRole('button', { name: /^\(edited\)/ })
      .click();
    await expect(ben.dialog('Edit history')).toContainText('The bote leaves');
    await ben.closesDialog();
  });

  await test.step('react, on both sides', async () => {
    await ben.does('React with 👍', ben.messages('Harbour'));
    const reaction = (person: Person) =>
      person.messages('Harbour').getByRole('button', { name: /^👍/ });
    await expect(reaction(ada)).toContainText('1');
    await reaction(ada).click();
    await expect(reaction(ben)).toContainText('2');
  });

  await test.step('answer, and find what was answered', async () => {
    await ben.does('Reply', ben.messages('Harbour'));
    await ben.says('Harbour', 'I shall be there');
    await ada.sees('Harbour', ['The boat leaves', 'I shall be there']);
    const answer = ada.messages('Harbour').last();
    await answer.getByRole('button', { name: /The boat/ }).click();
    await expect(ada.messages('Harbour').first()).toBeFocused();
    await ada.does('Pin', ada.messages('Harbour').first());
    await expect(ben.messages('Harbour').first()).toContainText(`Pinned by ${ada.name}`);
  });

  await test.step('delete, and take it back', async () => {
    await ben.says('Harbour', 'A mistake');
    await ada.sees('Harbour', ['The boat leaves', 'I shall be there', 'A mistake']);
    await ben.does('Delete', ben.messages('Harbour').last());
    await ada.sees('Harbour', ['The boat leaves', 'I shall be there', 'Message deleted']);
    await expect(ada.timeline('Harbour')).not.toContainText('A mistake');
    await ben.presses('Undo');
    await ada.sees('Harbour', ['The boat leaves', 'I shall be there', 'A mistake']);
    await ben.does('Delete', ben.messages('Harbour').last());
  });

  await test.step('a message has a menu, which the keyboard opens too', async () => {
    await look(ben.page, 'changes');
    await ben.messages('Harbour').first().press('Enter');
    await expect(ben.page.getByRole('menu')).toBeVisible();
    await look(ben.page, 'message-menu');
  });

  expect([...ada.watch.problems, ...ben.watch.problems]).toEqual([]);
  await Promise.all([ada.leaves(), ben.leaves()]);
});

test('who was away learns what happened, even that they were removed', async ({ browser }) => {
  test.setTimeout(180_000);
  const accounts = await Promise.all(
    ['ada', 'ben', 'cleo'].map((name) => server.cast.person(name)),
  );
  const [first, second, third] = accounts as [Chatter, Chatter, Chatter];
  const { id } = await group(first, 'Crew', second, third);
  await third.connect();
  const [ada, ben] = [await arrive(browser, first), await arrive(browser, second)];
  const line = await Line.of(ben.page);
  await ben.page.reload();
  await ada.opens('Crew');
  await ben.opens('Crew');

  await test.step('what was said meanwhile, edits included', async () => {
    await line.cut();
    const sent = await third.invoke<{ messageId: string }>('SendToGroup', id, 'Ben is out');
    await third.invoke('SendToGroup', id, `And back, @${second.user.username}`);
    await third.invoke('EditMessage', id, sent.messageId, 'Ben was out');
    line.mend();
    await ben.sees('Crew', ['Ben was out', 'And back'], { timeout: RECONNECT_MS });
  });

  await test.step('roles are given, and the name changed', async () => {
    await ada.manages('Crew', third.user.displayName);
    const role = ada.page.getByRole('combobox', { name: `Role of ${third.user.displayName}` });
    await role.selectOption('Administrator');
    await ada.page.getByRole('textbox', { name: 'Topic' }).fill('Who sails, and when');
    await ada.presses('Save');
    await look(ada.page, 'members');
    await ada.closesDialog();
    await expect(ben.timeline('Crew')).toContainText('set the topic: Who sails, and when');
  });

  await test.step('the removal', async () => {
    await line.cut();
    await ada.manages('Crew', ben.name);
    await ada.presses('Remove');
    await expect(ada.page.getByRole('dialog')).toContainText(`${ben.name} was removed`);
    await ada.closesDialog();
    await expect(ada.timeline('Crew')).toContainText(`${ada.name} removed ${ben.name}`);
    line.mend();
    await expect(ben.conversation('Crew')).toBeHidden({ timeout: RECONNECT_MS });
    await expect(ben.page.getByRole('status')).toContainText(['You are no longer in this']);
  });

  await test.step('a link leads back', async () => {
    await ada.page.getByRole('button', { name: /^Show members/ }).click();
    await ada.presses('Create an invitation link');
    const link = ada.page.getByRole('textbox', { name: 'Invitation link' });
    await expect(link).toHaveValue(/\/g\//);
    await ben.page.goto(await link.inputValue());
    await expect(ben.page.getByRole('heading', { name: 'Join Crew' })).toBeVisible();
    await look(ben.page, 'group-invitation');
    await ben.presses('Join');
    await expect(ben.composer('Crew')).toBeVisible();
    await ada.closesDialog();
    await expect(ada.timeline('Crew')).toContainText(`${ben.name} joined`);
  });

  expect([...ada.watch.problems, ...ben.watch.problems]).toEqual([]);
  await Promise.all([ada.leaves(), ben.leaves()]);
});
