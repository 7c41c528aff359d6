/** Reading: long conversations, old messages by their addresses, threads. In real browsers. */

import { type Browser, type Page, expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import type { Chatter } from '../support/chatter.ts';
import { look } from '../support/look.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

async function arrive(browser: Browser, account: Chatter): Promise<Person> {
  const person = await Person.arrive(browser, account.user.displayName, server.hubbub.origin);
  await person.signsIn(account.user.username);
  return person;
}

/** Says number 1, number 2, and so on; every seventh is longer than a line. */
async function counts(chatter: Chatter, conversationId: string, from: number, to: number) {
  for (let number = from; number <= to; number++) {
    const more = number % 7 === 0 ? ` ${'and some more to say about it '.repeat(6)}` : '';
    await chatter.invoke('SendToGroup', conversationId, `This is number ${number}${more}`);
  }
}

/** The rows that the document holds, as numbers. */
async function numbers(page: Page): Promise<number[]> {
  const texts = await page
    .getByRole('log', { name: /^Messages/ })
    .getByRole('article')
    .allInnerTexts();
  return texts.flatMap((text) => /This is number (\d+)/.exec(text)?.[1] ?? []).map(Number);
}

/** Turns the wheel until `done`, and watches that what is shown is in order and never has an unmarked hole. */
async function scrolls(page: Page, by: number, done: (shown: number[]) => boolean) {
  await page.getByRole('log', { name: /^Messages/ }).hover();
  for (let turn = 0; turn < 400; turn++) {
    const shown = await numbers(page);
    const gaps = await page.getByText('Loading the messages between').count();
    const jumps = shown.slice(1).filter((number, index) => number !== (shown[index] ?? 0) + 1);
    expect(jumps.length, `in order, holes only where they are shown: ${shown}`).toBeLessThanOrEqual(
      gaps,
    );
    if (done(shown)) return;
    await page.mouse.wheel(0, by);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  throw new Error('scrolled and never arrived');
}

test('a long conversation is scrolled from end to end, and the document stays small', async ({
  browser,
}) => {
  test.setTimeout(180_000);
  const [first, second] = await server.cast.connected('ada', 'ben');
  const { id } = await group(first, 'Log', second);
  await counts(second, id, 1, 400);
  const ada = await arrive(browser, first);
  const { page } = ada;

  await test.step('it opens at the first unread message, however far away', async () => {
    await ada.opens('Log');
    await expect(ada.message('Log', 'This is number 1')).not.toHaveCount(0);
    await expect(page.getByText('New', { exact: true })).toBeInViewport();
    expect(Math.min(...(await numbers(page)))).toBe(1);
  });

  await test.step('downwards, through the gap to the newest', async () => {
    await scrolls(page, 500, (shown) => shown.includes(400));
    expect(await ada.messages('Log').count()).toBeLessThanOrEqual(60);
    await expect(ada.conversation('Log')).not.toContainText('unread', { timeout: 15_000 });
  });

  await test.step('and back up', async () => {
    await scrolls(page, -500, (shown) => shown.includes(1));
    expect(await ada.messages('Log').count()).toBeLessThanOrEqual(60);
    await ada.presses('Jump to latest');
    await expect(ada.message('Log', 'This is number 400')).toBeInViewport();
  });

  await test.step('what is read stays where it is, whatever happens around it', async () => {
    await scrolls(page, -400, (shown) => shown[0] !== undefined && shown[0] < 330);
    const read = await page.evaluate(() => {
      const view = document.querySelector('.scroller[role=log]')!.getBoundingClientRect();
      const rows = [...document.querySelectorAll('app-message-row')];
      const row = rows.find((each) => each.getBoundingClientRect().top > view.top + 120)!;
      row.setAttribute('data-watched', '');
      const drifts: number[] = [];
      const begin = row.getBoundingClientRect().top;
      const watch = () => {
        drifts.push(Math.abs(row.getBoundingClientRect().top - begin));
        requestAnimationFrame(watch);
      };
      requestAnimationFrame(watch);
      (window as unknown as { drifts: number[] }).drifts = drifts;
      return row.textContent ?? '';
    });
    const number = Number(/number (\d+)/.exec(read)?.[1]);
    const page2 = await first.api.get<{
      messages: { messageId: string; seq: number; body: string }[];
    }>(`/api/conversations/${id}/messages?around=${number}&limit=40`);
    const above = page2.messages.filter(({ body }) => /number (\d+)/.test(body)).slice(0, 18);
    for (const [index, { messageId }] of above.entries()) {
      if (index % 3 === 0) await first.invoke('AddReaction', id, messageId, '👍');
      else if (index % 3 === 1)
        await second.invoke(
          'EditMessage',
          id,
          messageId,
          `This is number 0 ${'edited '.repeat(80)}`,
        );
      else await second.invoke('SendToGroup', id, `One more ${index}`);
    }
    await expect(page.getByRole('button', { name: /6 new messages/ })).toBeVisible();
    const drifts = await page.evaluate(() => (window as unknown as { drifts: number[] }).drifts);
    expect(drifts.length).toBeGreaterThan(5);
    expect(Math.max(...drifts)).toBeLessThanOrEqual(1);
  });

  expect(ada.watch.problems).toEqual([]);
  await ada.leaves();
});

test('a message has an address, and a thread a place of its own', async ({ browser }) => {
  test.setTimeout(120_000);
  const [first, second] = await server.cast.connected('ada', 'ben');
  const { id } = await group(first, 'Plans', second);
  await counts(first, id, 1, 150);
  const [ada, ben] = [await arrive(browser, first), await arrive(browser, second)];
  await ben.opens('Plans');
  await ada.opens('Plans');

  await test.step('copy the link of a message, and open it elsewhere', async () => {
    await scrolls(ben.page, -500, (shown) => shown.includes(20));
    await ben.message('Plans', 'This is number 20').scrollIntoViewIfNeeded();
    await ben.does('Copy link', ben.message('Plans', 'This is number 20'));
    const link = await ben.page.evaluate(() => navigator.clipboard.readText());
    expect(link).toMatch(/\/c\/[-0-9a-f]+\/\d+$/);
    for (const again of [1, 2]) {
      await ada.page.goto(link);
      await expect(ada.message('Plans', 'This is number 20'), `time ${again}`).toBeFocused();
      await expect(ada.message('Plans', 'This is number 20')).toBeInViewport();
    }
    await look(ada.page, 'permalink');
    await ada.presses('Jump to latest');
    await expect(ada.message('Plans', 'This is number 150')).toBeInViewport();
  });

  await test.step('a place that does not exist is said to be none', async () => {
    await ada.page.goto(`${server.hubbub.origin}/c/${id}/999999`);
    await expect(ada.page.getByRole('status').filter({ hasText: 'is not here' })).toBeVisible();
    await ada.page.goto(`${server.hubbub.origin}/c/${id}`);
  });

  await test.step('a thread is opened, answered, read and counted apart', async () => {
    const pane = (person: Person) => person.page.getByRole('complementary', { name: 'Thread' });
    const root = (person: Person) => person.message('Plans', 'This is number 150');
    await ben.presses('Jump to latest');
    await ben.does('Reply in thread', root(ben));
    const box = pane(ben).getByRole('textbox', { name: `Reply to ${ada.name}` });
    await box.fill('Which pier?');
    await box.press('Enter');
    await expect(pane(ben).getByRole('article')).toHaveCount(2);
    await expect(pane(ben)).toContainText('Following');
    await expect(root(ada).getByRole('button', { name: /^1 reply/ })).toContainText('1 new');
    await expect(ada.conversation('Plans')).not.toContainText('unread');
    await expect(ada.timeline('Plans')).not.toContainText('Which pier?');
    await ada.presses('Threads, 1 with new replies');
    await ada
      .dialog('Threads')
      .getByRole('button', { name: /number 150/ })
      .click();
    await expect(pane(ada)).toContainText('Which pier?');
    await expect(root(ada).getByRole('button', { name: /^1 reply/ })).not.toContainText('new');
    await pane(ada).getByRole('textbox').fill('The second');
    await pane(ada).getByRole('textbox').press('Enter');
    await expect(pane(ben).getByRole('article')).toHaveCount(3);
    await look(ada.page, 'thread');
    await pane(ada).getByRole('button', { name: 'Following' }).click();
    await expect(pane(ada).getByRole('button', { name: 'Follow', exact: true })).toBeVisible();
    await pane(ada).getByRole('textbox').press('Escape');
    await expect(pane(ada)).toHaveCount(0);
  });

  await test.step('pins are found again', async () => {
    await ada.does('Pin', ada.message('Plans', 'This is number 149'));
    await ben.page.getByRole('button', { name: 'Pinned messages' }).click();
    const pins = ben.dialog('Pinned messages');
    await expect(pins).toContainText('This is number 149');
    await look(ben.page, 'pins');
    await pins.getByRole('button', { name: /number 149/ }).click();
    await expect(ben.message('Plans', 'This is number 149')).toBeFocused();
  });

  await test.step('whoever wrote sees who has read', async () => {
    await ada.says('Plans', 'Has everybody read this?');
    await ben.page.bringToFront();
    await expect(
      ada
        .messages('Plans')
        .last()
        .getByRole('img', { name: `Seen by ${ben.name}` }),
    ).toBeVisible();
  });

  expect([...ada.watch.problems, ...ben.watch.problems]).toEqual([]);
  await Promise.all([ada.leaves(), ben.leaves()]);
});
