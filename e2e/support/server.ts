import { test } from '@playwright/test';
import { Cast } from './cast.ts';
import { Hubbub } from './hubbub.ts';

/** What the tests of a file share: one server, and its people. */
export interface Server {
  readonly hubbub: Hubbub;
  readonly cast: Cast;
}

/**
 * One private server for the tests of a file, started before the first and disposed of after the last. Its data and
 * logs are kept if one of them failed.
 */
export function serverForThisFile(environment: Record<string, string> = {}): Server {
  let hubbub: Hubbub | undefined;
  let cast: Cast | undefined;
  let failed = false;

  test.beforeAll('start the server', async () => {
    hubbub = await Hubbub.start(environment);
    cast = new Cast(hubbub);
  });
  test.afterEach('stop what the test left connected', async ({}, testInfo) => {
    failed ||= testInfo.status !== testInfo.expectedStatus;
    await cast?.leave();
  });
  test.afterAll('stop the server', async () => {
    await hubbub?.dispose({ keep: failed });
  });

  const started = <T>(thing: T | undefined): T => {
    if (!thing) throw new Error('the server is there in tests and hooks only');
    return thing;
  };
  return {
    get hubbub() {
      return started(hubbub);
    },
    get cast() {
      return started(cast);
    },
  };
}
