import { defineConfig } from '@playwright/test';

/** What takes minutes: `make soak-transports`. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.e2e.ts',
  outputDir: '../test-results',
  workers: 1,
  forbidOnly: true,
  reporter: [['list']],
});
