/** What people write is text, wherever they write it: nothing of it runs, and nothing of it is reported. */

import { expect, test } from '@playwright/test';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

const RUN = 'window.__ran=1';
const ELEMENTS = [
  'img src=x onerror',
  'svg onload',
  'body onload',
  'details open ontoggle',
  'video src=x onerror',
];
const WAYS = [
  'script',
  'iframe',
  'object',
  'embed',
  'style',
  'link',
  'base',
  'meta',
  'form',
  'math',
];
const SCHEMES = [
  'javascript',
  'JaVaScRiPt',
  'vbscript',
  'data',
  'blob',
  'file',
  ' javascript',
  'java\tscript',
  '\u0001javascript',
];
const FRAMES = [
  (address: string) => `[x](${address})`,
  (address: string) => `![x](${address})`,
  (address: string) => `<${address}>`,
  (address: string) => `[x]: ${address}\n\n[x]`,
  (address: string) => `[x](<${address}>)`,
];

/** A hundred and more, in HTML, in Markdown, and between the two. */
const PAYLOADS = [
  ...ELEMENTS.flatMap((element) => [
    `<${element}="${RUN}">`,
    `"><${element}=${RUN}>`,
    `**<${element}="${RUN}">**`,
    `\`\`\`html\n<${element}="${RUN}">\n\`\`\``,
    `| <${element}=${RUN}> |\n|---|\n| <${element}=${RUN}> |`,
    `[<${element}=${RUN}>](https://example.org)`,
    `> - <${element}=${RUN}>`,
    `&lt;${element}=${RUN}&gt;`,
  ]),
  ...WAYS.flatMap((name) => [
    `<${name}>${RUN}</${name}>`,
    `<${name} src="javascript:${RUN}" href="javascript:${RUN}" data="javascript:${RUN}">`,
  ]),
  ...SCHEMES.flatMap((scheme) => FRAMES.map((frame) => frame(`${scheme}:${RUN}`))),
  `{{constructor.constructor('${RUN}')()}}`,
  `[x](https://example.org" onmouseover="${RUN})`,
  `https://example.org/"onmouseover="${RUN}`,
  `\`\`\`"><script>${RUN}</script>\nx\n\`\`\``,
  `@ada<script>${RUN}</script>`,
  `</textarea><script>${RUN}</script>`,
];

test('nothing that anybody writes anywhere is anything but text', async ({ browser }) => {
  test.setTimeout(180_000);
  expect(PAYLOADS.length).toBeGreaterThanOrEqual(100);
  const [first, second] = await server.cast.connected('ada', 'ben');
  const fits = (limit: number) =>
    PAYLOADS.filter((text) => text.length <= limit && !/[\n\t\u0001]/.test(text));
  const { id } = await second.api.post<{ id: string }>('/api/groups', {
    name: 'Hostile',
    memberIds: [first.user.id],
  });
  for (const body of PAYLOADS) await second.invoke('SendToGroup', id, body);

  const ada = await Person.arrive(browser, first.user.displayName, server.hubbub.origin);
  const { page } = ada;
  await ada.signsIn(first.user.username);
  await ada.opens('Hostile');
  const log = ada.timeline('Hostile');

  await test.step('in messages', async () => {
    await log.hover();
    await expect(async () => {
      await page.mouse.wheel(0, 700);
      await expect(log).toContainText('</textarea><script>', { timeout: 100 });
    }).toPass();
    await expect(async () => {
      await page.mouse.wheel(0, -700);
      await expect(log).toContainText('<img src=x onerror=', { timeout: 100 });
    }).toPass();
    const links = log.getByRole('link');
    for (const href of await links.evaluateAll((all) =>
      all.map((link) => link.getAttribute('href')),
    )) {
      expect(href).toMatch(/^https?:\/\//);
    }
  });

  await test.step('in names, in the titles and topics of groups', async () => {
    for (const displayName of fits(64)) {
      await second.invoke('Typing', id, true);
      await rename(second.session.accessToken, displayName);
    }
    const groups = fits(80);
    for (const [index, name] of groups.entries()) {
      const topic = PAYLOADS[index % PAYLOADS.length] ?? '';
      await second.api.post('/api/groups', {
        name,
        topic: topic.replace(/[\n\t\u0001]/g, ' ').slice(0, 250),
        memberIds: [first.user.id],
      });
    }
    const last = groups.at(-1) ?? '';
    await expect(ada.conversation(last)).toBeVisible();
    await ada.conversation(last).click();
    await page.reload();
    await expect(ada.composer(last)).toBeVisible();
    await page.getByRole('button', { name: /^Show members/ }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await ada.closesDialog();
    await page.keyboard.press('Control+k');
    await expect(ada.dialog('Go to').getByRole('option')).toHaveCount(8);
  });

  expect(
    await page.evaluate(() => (window as unknown as { __ran?: number }).__ran),
  ).toBeUndefined();
  expect(ada.watch.problems).toEqual([]);
  await ada.leaves();

  async function rename(token: string, displayName: string) {
    const answer = await fetch(`${server.hubbub.origin}/api/users/me`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ displayName }),
    });
    expect(answer.status).toBe(200);
  }
});
