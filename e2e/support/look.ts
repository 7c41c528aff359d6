import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect } from '@playwright/test';

const folder = join(import.meta.dirname, '../screenshots');
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Looks at the page as it is: light, dark and on a telephone. Saves a picture of each and fails softly on what the
 * accessibility rules forbid and on anything wider than the screen.
 */
export async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await take(page, `${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(NARROW);
  await take(page, `${name}-narrow`);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect.soft(width, `${name} fits a telephone`).toBeLessThanOrEqual(NARROW.width);
  await page.setViewportSize(WIDE);
}

async function take(page: Page, name: string): Promise<void> {
  await settled(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const found = violations.map(({ id, help, nodes }) => ({
    rule: `${id}: ${help}`,
    at: nodes.map((node) => `${node.html} ${node.any.map(({ message }) => message).join('; ')}`),
  }));
  expect.soft(found, `accessibility of ${name}`).toEqual([]);
}

/** Fonts are there, and what moves for a moment has come to rest. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const passing = document
      .getAnimations()
      .filter((animation) => animation.effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(passing.map((animation) => animation.finished));
  });
}
