// One's own changes and how they are undone, what is remembered of a lab, what its challenge says, and the keys.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { PATIENT, button, moment, shownTime } from './parts.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const OPENS_AT_S = 0.6;
const policy = (page, name) => page.getByRole('radio', { name, exact: true });
const changes = page => page.getByRole('group', { name: 'Your changes' });
const undo = page => changes(page).getByRole('button', { name: 'Undo', exact: true });
const reset = page => changes(page).getByRole('button', { name: 'Reset to the lab' });
const keys = page => page.getByRole('dialog', { name: 'Keys' });

test.beforeEach(() => test.slow());

async function openLab(page, address = LAB) {
  await page.goto(address);
  await expect.poll(() => shownTime(page), PATIENT).toBe(OPENS_AT_S);
}

/** A quarter of a second after a change the address follows. */
const address = page => new URL(page.url());

test('a change is undone, a reset brings the lab back, and undoing that brings the changes back', async ({ page }) => {
  await openLab(page);
  await expect(undo(page)).toHaveAttribute('aria-disabled', 'true');
  await expect(reset(page)).toHaveAttribute('aria-disabled', 'true');
  await policy(page, 'Random').check({ force: true });
  await expect(undo(page)).toHaveAttribute('aria-disabled', 'false');
  await moment(page).fill('1000');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(2);
  const at = await shownTime(page);
  await policy(page, 'Least conn.').check({ force: true });
  await expect(page.getByRole('button', { name: /^Go to: Load balancer: Policy/ })).toHaveCount(1);
  // The last one goes, the one before stays, and so does the moment.
  await undo(page).click();
  await expect(policy(page, 'Random')).toBeChecked();
  await expect(page.getByRole('button', { name: /^Go to: Load balancer: Policy/ })).toHaveCount(0);
  await expect.poll(() => shownTime(page), PATIENT).toBeCloseTo(at, 2);
  await reset(page).click();
  await expect(policy(page, 'Round robin')).toBeChecked();
  await expect.poll(() => shownTime(page), PATIENT).toBe(OPENS_AT_S);
  await expect(button(page, 'Play')).toBeVisible();
  await expect.poll(() => address(page).hash, PATIENT).toBe('');
  // It keeps the focus, though there is nothing more to reset.
  await expect(reset(page)).toHaveAttribute('aria-disabled', 'true');
  await expect(reset(page)).toBeFocused();
  await undo(page).click();
  await expect(policy(page, 'Random')).toBeChecked();
  await axe(page);
});

test('after a reload the changes are there, and the lab is one press away @phone', async ({ page }) => {
  await openLab(page);
  await policy(page, 'Random').check({ force: true });
  await expect.poll(() => address(page).hash, PATIENT).not.toBe('');
  await page.reload();
  await expect(policy(page, 'Random')).toBeChecked(PATIENT);
  await expect(undo(page)).toHaveAttribute('aria-disabled', 'true');
  await reset(page).click();
  await expect(policy(page, 'Round robin')).toBeChecked();
  await expect.poll(() => address(page).hash, PATIENT).toBe('');
});

test('Ctrl+Z undoes, also while a slider has the focus; what a slider was drawn over is one change', async ({ page }) => {
  await openLab(page);
  const rate = page.getByRole('slider', { name: 'Arrival rate' });
  const before = await rate.inputValue();
  await rate.focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
  await expect(rate).not.toHaveValue(before);
  await expect(undo(page)).toHaveAttribute('aria-disabled', 'false', PATIENT);
  await page.keyboard.press('Control+z');
  await expect(rate).toHaveValue(before);
  await expect(rate).toBeFocused();
  await expect(undo(page)).toHaveAttribute('aria-disabled', 'true');
  // In a field it is the text that is undone.
  await policy(page, 'Random').check({ force: true });
  await page.getByRole('textbox', { name: /^Arrival rate/ }).focus();
  await page.keyboard.press('Control+z');
  await expect(policy(page, 'Random')).toBeChecked();
});

test('what only matters at the start is changed from there, whenever it is turned', async ({ page }) => {
  const stage = page.getByText(/^Cache: /);
  const hits = async () => Number((await stage.textContent()).match(/(\d+)\s%\shits/)?.[1]);
  await page.goto('all/?lab=caching/cold-start&t=1000');
  await expect.poll(() => shownTime(page), PATIENT).toBe(1);
  await expect.poll(hits, PATIENT).toBeGreaterThan(0);
  const cold = await hits();
  await page.getByRole('slider', { name: /^Warm start/ }).fill('1000');
  // The run is another one, and so there is nothing to flag.
  await expect.poll(() => shownTime(page), PATIENT).toBe(0);
  await expect(page.getByRole('button', { name: /^Go to: Cache: / })).toHaveCount(0);
  await moment(page).fill('100');
  await expect.poll(() => shownTime(page), PATIENT).toBe(1);
  await expect.poll(hits, PATIENT).toBeGreaterThan(cold + 20);
});

test('in Compare too what was varied is undone', async ({ page }) => {
  await page.goto(`${LAB}&view=compare`);
  const shown = page.locator('.variant-stage');
  await expect(shown.first()).toBeVisible(PATIENT);
  const before = await shown.count();
  expect(before).toBeGreaterThan(1);
  await page.getByRole('button', { name: /^Remove/ }).first().click(PATIENT);
  await expect(shown).toHaveCount(before - 1);
  await page.keyboard.press('Control+z');
  await expect(shown).toHaveCount(before, PATIENT);
});

test('a prediction and its answer are there again after a reload', async ({ page }) => {
  await openLab(page);
  const mine = button(page, '0 %');
  await mine.click();
  await page.reload();
  await expect(mine).toHaveAttribute('aria-pressed', 'true', PATIENT);
  await expect(page.getByText(/It is about 8/)).toHaveCount(0);
  await button(page, 'Play, and see').click();
  await button(page, 'Show the answer').click();
  await expect(page.getByText(/It is about 8/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/It is about 8/)).toBeVisible(PATIENT);
  // Another lab's is its own.
  await page.goto('?lab=load-balancing/two-choices');
  await expect(page.getByText('Choose first, then play.')).toBeVisible(PATIENT);
});

test('no goal is ticked before anything ran; the present figure is in the goal\'s unit', async ({ page }) => {
  await page.goto('?lab=payments/with-and-without-a-key');
  const goals = page.locator('.goals li');
  await expect(goals.first()).toBeVisible(PATIENT);
  const lost = goals.filter({ hasText: '10 % lost each way' });
  await expect(lost).toContainText(/now 10\s%/);
  await expect(goals.filter({ hasText: 'not run yet' })).toHaveCount(await goals.count());
  await button(page, 'Play').click();
  await expect(lost).toContainText('holds so far', PATIENT);
  await expect(lost.locator('.is-met')).toHaveCount(0);
  await moment(page).fill(await moment(page).getAttribute('max'));
  await expect(lost.locator('.is-met')).toHaveCount(1, { timeout: 60_000 });
});

test('“?” lists every key that the page listens to, and the focus comes back @phone', async ({ page }) => {
  await openLab(page);
  await button(page, 'Restart').focus();
  await page.keyboard.press('?');
  await expect(keys(page)).toBeVisible(PATIENT);
  await axe(page);
  const listed = await keys(page).locator('kbd').allTextContents();
  const source = await Promise.all(['lab', 'tabs', 'mod', 'home'].map(name => readFile(new URL(`../../src/app/${name}.rs`, import.meta.url), 'utf8')));
  const named = { ' ': 'Space', ArrowRight: '→', ArrowLeft: '←', z: 'Z', Escape: 'Esc' };
  const heard = source.flatMap(text => [...text.matchAll(/"( |Arrow\w+|Home|End|Escape|\?|z)"/g)]).map(match => named[match[1]] ?? match[1]);
  expect(new Set(heard).size).toBeGreaterThan(6);
  for (const key of heard) expect(listed).toContain(key);
  await page.keyboard.press('Escape');
  await expect(keys(page)).toHaveCount(0);
  await expect(button(page, 'Restart')).toBeFocused();
  // The button leads there too, on every page.
  await page.goto('');
  await button(page, 'Keys').click(PATIENT);
  await expect(keys(page)).toBeVisible(PATIENT);
  // In a field "?" is a letter.
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox', { name: 'Find a lab' }).press('?');
  await expect(keys(page)).toHaveCount(0);
});
