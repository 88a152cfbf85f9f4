// The first page: what there is, where it stands, and how it is found.

import { axe, expect, test } from './fixtures.mjs';
import { PATIENT, labIds } from './parts.mjs';

const field = page => page.getByRole('searchbox', { name: 'Find a lab' });
const topics = page => page.getByRole('navigation', { name: 'Topics' });
const cards = page => page.locator('.card');

test.beforeEach(() => test.slow());

test('the contents name every topic and lead to it, by keyboard too @phone', async ({ page }) => {
  const labs = await labIds();
  await page.goto('');
  await expect(cards(page)).toHaveCount(labs.length, PATIENT);
  const names = await page.locator('.topic h2').allTextContents();
  await expect(topics(page).getByRole('link')).toHaveCount(names.length);
  const link = topics(page).getByRole('link', { name: /^Payments/ });
  await link.focus();
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { name: 'Payments', exact: true });
  await expect(heading).toBeFocused();
  await expect(heading).toBeInViewport();
  expect(new URL(page.url()).hash).toBe('');
  // From there the next Tab is at the topic's first lab.
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement.closest('.topic').querySelector('h2').textContent)).toBe('Payments');
});

test('on a wide screen the contents stay in sight', async ({ page }) => {
  await page.goto('');
  await expect(topics(page)).toBeVisible(PATIENT);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
  await expect(topics(page)).toBeInViewport({ ratio: 1 });
});

test('labs are found by title, by topic and by what their lessons say @phone', async ({ page }) => {
  await page.goto('');
  await expect(cards(page).first()).toBeVisible(PATIENT);
  const all = await cards(page).count();
  await field(page).fill('scan');
  await expect(page.getByRole('link', { name: 'A scan wrecks LRU' })).toBeVisible(PATIENT);
  await expect.poll(() => cards(page).count(), PATIENT).toBeLessThan(all / 4);
  // Only the lesson says this; its words arrive after the field has the focus.
  await field(page).fill('Saltzer Reed');
  await expect(cards(page)).toHaveCount(1, PATIENT);
  await expect(page.getByRole('link', { name: 'One room', exact: true })).toBeVisible();
  await expect(page.getByRole('status')).toContainText(`1 of ${all} labs`);
  await expect(topics(page).getByRole('link')).toHaveCount(1);
  await axe(page);
  await field(page).fill('nothing-says-this');
  await expect(page.getByRole('status')).toContainText('No lab has these words.');
  await field(page).press('Escape');
  await expect(field(page)).toHaveValue('');
  await expect(cards(page)).toHaveCount(all);
});

test.describe('lessons that do not arrive', () => {
  test.use({ allowed: [/Failed to load resource/] });

  test('leave titles to be found', async ({ page }) => {
    await page.route(/\.md$/, route => route.fulfill({ status: 404 }));
    await page.goto('');
    await field(page).fill('celebrity');
    await expect(page.getByRole('link', { name: 'The celebrity' })).toBeVisible(PATIENT);
  });
});
