/** What the program says when it cannot start, or starts once more. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { Api } from '../support/api.ts';
import { Hubbub, binary, environmentOfOthers } from '../support/hubbub.ts';
import { serverForThisFile } from '../support/server.ts';

const server = serverForThisFile();

let folder: string;
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubbub-e2e-'));
});
test.afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('an unknown setting is named, wherever it stands', async () => {
  await writeFile(join(folder, 'wrong.toml'), '[server]\ncolour = "red"\n');

  for (const refused of [
    await start([], { HUBBUB_SERVER__COLOUR: 'red' }),
    await start(['--config', 'wrong.toml']),
  ]) {
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^hubbub: .*server\.colour.*\n$/);
  }
});

test('a port in use and a folder that cannot be written are named, with the way out', async () => {
  const { host } = new URL(server.hubbub.origin.replace('localhost', '127.0.0.1'));
  const taken = await start(['--listen', host]);
  expect(taken).toMatchObject({ code: 2, stdout: '' });
  expect(taken.stderr).toMatch(new RegExp(`^hubbub: .*${host}.*--listen.*\\n$`));

  await writeFile(join(folder, 'a-file'), '');
  const unwritable = await start(['--data-dir', 'a-file']);
  expect(unwritable).toMatchObject({ code: 2, stdout: '' });
  expect(unwritable.stderr).toMatch(/^hubbub: .*a-file.*--data-dir.*\n$/);
});

test('the setup code is good for one account, and a later start shows none', async () => {
  const hubbub = await Hubbub.start();
  const nobody = new Api(hubbub.origin);
  const register = (username: string, setupCode: string) =>
    nobody.post('/api/auth/register', { username, password: 'correct horse', setupCode });
  const refused = { status: 403, code: 'invalid_setup_code' };
  const setupCode = await hubbub.setupCode();

  await expect(register('mallory', 'AAAA-BBBB-CCCC')).rejects.toMatchObject(refused);
  await expect(register('ada', setupCode)).resolves.toMatchObject({ user: { role: 'owner' } });
  await expect(register('mallory', setupCode)).rejects.toMatchObject(refused);

  expect(await hubbub.stop()).toBe(0);
  await hubbub.start();
  await hubbub.stop();
  expect((await hubbub.logs()).match(/Setup code/g)).toHaveLength(1);
  await hubbub.dispose({ keep: test.info().errors.length > 0 });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the program in an empty folder, where it is to end by itself. */
function start(args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const options = {
    cwd: folder,
    env: { ...environmentOfOthers, HUBBUB_SERVER__LISTEN: '127.0.0.1:0', ...environment },
    timeout: 10_000,
  };
  return new Promise((resolve) => {
    const child = execFile(binary, args, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
