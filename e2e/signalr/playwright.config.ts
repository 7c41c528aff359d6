import { defineConfig } from '@playwright/test';
import browsers from '../playwright.config.ts';

/** Microsoft's clients against the SignalR crate alone: its example hosts, started once for all files. */
export default defineConfig({
  ...browsers,
  testDir: '.',
  outputDir: '../test-results/signalr',
  globalSetup: './support/start-hosts.ts',
  // Beside each other: the hosts are shared, and every test has connections of its own.
  fullyParallel: true,
  workers: 2,
  use: { ...browsers.use, trace: 'off', screenshot: 'off' },
  timeout: 20_000,
  expect: { timeout: 5_000 },
});
