/** A page that slept while the server was killed and went on. */

import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import { Person } from '../support/person.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();
/** Waking ends every wait, so that this is about the catching up alone. */
const AWAKE_MS = 10_000;

test('a frozen tab wakes to a server that was killed meanwhile, and has everything', async ({
  browser,
}) => {
  test.setTimeout(120_000);
  const [account, ben] = await server.cast.people('ada', 'ben');
  const { id } = await group(account, 'Harbour', ben);
  await ben.connect();
  const ada = await Person.arrive(browser, account.user.displayName, server.hubbub.origin);
  await ada.signsIn(account.user.username);
  await ada.opens('Harbour');
  const said = ['Good night'];
  await ada.says('Harbour', 'Good night');
  await ada.sees('Harbour', said);
  const devtools = await ada.page.context().newCDPSession(ada.page);

  await test.step('she sleeps; the server is killed, starts again, and others go on', async () => {
    await ben.messages(id, 1);
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    ada.watch.serverGoesAway();
    await ben.disconnect();
    await server.hubbub.kill();
    await server.hubbub.start();
    await ben.connect();
    for (const text of ['The fleet has left', 'It comes back at noon']) {
      await ben.invoke('SendToGroup', id, text);
      said.push(text);
    }
  });

  await test.step('she wakes, and is where everybody is', async () => {
    await devtools.send('Page.setWebLifecycleState', { state: 'active' });
    await ada.sees('Harbour', said, { timeout: AWAKE_MS });
    ada.watch.serverIsBack();
    await ada.says('Harbour', 'Good morning');
    said.push('Good morning');
    await ada.sees('Harbour', said);
    const bodies = (
      await ben.api.get<{ messages: { body: string; system?: object }[] }>(
        `/api/conversations/${id}/messages`,
      )
    ).messages.flatMap(({ body, system }) => (system ? [] : [body]));
    expect(bodies).toEqual(said);
    await expect(ada.connectionBanner).toBeEmpty();
  });

  expect(ada.watch.problems).toEqual([]);
  await ada.leaves();
});
