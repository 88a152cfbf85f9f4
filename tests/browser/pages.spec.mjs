// The two pages: what the small one lacks opens on the whole one, which lies below it at `all/`.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { fragment } from './link.mjs';
import { PATIENT, button, pixels, shownTime } from './parts.mjs';

const CACHE_FILE = new URL('../scenarios/cache.json', import.meta.url);
const CACHE = JSON.parse(await readFile(CACHE_FILE, 'utf8'));
const LAB = '?lab=load-balancing/one-slow-server';

const title = page => page.getByRole('heading', { level: 1 });

/** The whole page is there, and runs the scenario with a cache. */
async function isWhole(page, baseURL) {
  await expect.poll(() => page.url().startsWith(`${baseURL}all/`), PATIENT).toBe(true);
  await expect(title(page)).toHaveText(CACHE.title, PATIENT);
}

test.beforeEach(() => test.slow());

test('a link to a scenario with a cache opens on the whole page, and its own link is the site\'s @phone', async ({ page, baseURL }) => {
  await page.goto(fragment(CACHE));
  await isWhole(page, baseURL);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(0.1);
  const before = await pixels(page);
  await expect.poll(() => pixels(page), PATIENT).not.toBe(before);
  await button(page, 'Pause').click();
  await expect(page.getByRole('button', { name: /^Cache/ }).first()).toBeAttached();
  await axe(page);

  await button(page, 'Share link').click();
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  await page.keyboard.press('Escape');
  expect(link.startsWith(baseURL)).toBe(true);
  expect(link).not.toContain('/all/');
  await page.goto(link);
  await isWhole(page, baseURL);
});

test('back leads to where one came from, and the name leads to the site', async ({ page, baseURL }) => {
  await page.goto('');
  await title(page).waitFor();
  const home = await title(page).textContent();
  await page.evaluate(hash => { location.hash = hash; }, fragment(CACHE));
  await isWhole(page, baseURL);
  await page.goBack();
  await expect(page).toHaveURL(baseURL);
  await expect(title(page)).toHaveText(home);
  await page.goForward();
  await isWhole(page, baseURL);
  await page.getByRole('link', { name: 'Switchyard' }).click();
  await expect(page).toHaveURL(baseURL);
  await expect(title(page)).toHaveText(home);
  await page.goBack();
  await isWhole(page, baseURL);
});

test('a file with a cache opens on the whole page, and back leads to the lab', async ({ page, baseURL }) => {
  await page.goto(LAB);
  await button(page, 'Open file').click();
  await page.getByLabel(/Choose a file/).setInputFiles(CACHE_FILE.pathname);
  await isWhole(page, baseURL);
  await page.goBack();
  await expect(page).toHaveURL(`${baseURL}${LAB}`);
  await expect(button(page, 'Play')).toBeVisible();
});

test('a service that the address asks for runs on the whole page', async ({ page, baseURL }) => {
  await page.goto(`${LAB}&p.servers.runs=feed`);
  // Soon after, the whole scenario stands in the address.
  await expect.poll(() => page.url().startsWith(`${baseURL}all/${LAB}`), PATIENT).toBe(true);
  await page.getByText('All settings').click();
  await expect(page.getByRole('radio', { name: 'News feed' })).toBeChecked(PATIENT);
  await expect(page.getByRole('alert')).toBeEmpty();
});

test('what the site lacks everywhere is said where one is', async ({ page, baseURL }) => {
  await page.goto(fragment({ v: 1, nodes: [{ id: 'a', kind: 'teapot' }] }));
  await expect(page.getByRole('heading', { name: 'This link cannot be opened' })).toBeVisible();
  await expect(page.getByRole('main')).toContainText(/a\.kind: must be one of clients, .*cache/);
  expect(page.url()).not.toContain('/all/');
});
