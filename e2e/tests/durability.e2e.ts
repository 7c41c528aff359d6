/** What was acknowledged is there after the power went. */

import { randomUUID } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { group } from '../support/cast.ts';
import type { MessagePage, SendReceipt } from '../support/contract.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

const KILLS = 20;

test('killed right after an acknowledgement, twenty times, it loses and doubles nothing', async () => {
  const [alice, bob] = await server.cast.connected('alice', 'bob');
  const log = await group(alice, 'Log', bob);
  const acknowledged: SendReceipt[] = [];

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const clientId = randomUUID();
    const closed = alice.closed();
    const receipt = await alice.invoke<SendReceipt>(
      'SendToGroup',
      log.id,
      `kill ${kill}`,
      clientId,
    );
    await server.hubbub.kill();
    acknowledged.push(receipt);
    await closed;

    await server.hubbub.start();
    await alice.connect();
    // As a client does that never saw the acknowledgement.
    const again = await alice.invoke('SendToGroup', log.id, `kill ${kill}`, clientId);
    expect(again).toEqual(receipt);
  }

  const page = await bob.api.get<MessagePage>(`/api/conversations/${log.id}/messages?limit=200`);
  const [founding, ...written] = page.messages;
  expect(founding).toMatchObject({ seq: 1, system: { type: 'founded' } });
  expect(written.map(({ seq, messageId, body }) => ({ seq, messageId, body }))).toEqual(
    acknowledged.map(({ messageId }, index) => ({
      seq: index + 2,
      messageId,
      body: `kill ${index + 1}`,
    })),
  );
});
