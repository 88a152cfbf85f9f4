// The `test` that every spec uses: it fails on what a visitor must never meet.

import { test as base, expect } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

export { expect };

/** What Playwright says where `serviceWorkers` is 'block'. */
const BLOCKED = 'Service Worker registration blocked by Playwright';

/** WCAG 2.2 at levels A and AA, as axe-core names its rules. */
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

export const test = base.extend({
  /** Patterns of complaints that this test provokes: `test.use({ allowed: [/panicked/] })`. */
  allowed: [[], { option: true }],

  /** Console errors and warnings, uncaught errors and requests to other sites fail the test. */
  gate: [
    async ({ context, baseURL, allowed }, use) => {
      const complaints = [];
      const ours = new URL(baseURL).origin;
      context.on('console', message => {
        if (['error', 'warning'].includes(message.type()) && message.text() !== BLOCKED) {
          complaints.push(`console ${message.type()}: ${message.text()}`);
        }
      });
      context.on('weberror', error => complaints.push(`uncaught: ${error.error()}`));
      context.on('request', request => {
        const { origin, protocol } = new URL(request.url());
        if (origin !== ours && !['data:', 'blob:'].includes(protocol)) complaints.push(`off-site: ${request.url()}`);
      });
      await use();
      expect(complaints.filter(text => !allowed.some(pattern => pattern.test(text)))).toEqual([]);
    },
    { auto: true },
  ],
});

/** Fails on every violation that axe-core finds in the page as it stands. */
export async function axe(page) {
  // Evaluated, not added as a script: the Content-Security-Policy forbids that.
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(await axeSource());
  const { violations } = await page.evaluate(
    tags => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    WCAG,
  );
  const lines = violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`));
  expect(lines).toEqual([]);
}

const axeSource = () => readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
