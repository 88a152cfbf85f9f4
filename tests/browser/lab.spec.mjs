// The lab page, used as a visitor would: play, pause, step, seek, turn knobs, share, replay a log.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const fixture = name => new URL(`../fixtures/nginx/${name}`, import.meta.url).pathname;

const button = (page, name) => page.getByRole('button', { name, exact: true });
const moment = page => page.getByRole('slider', { name: 'Moment' });
const shownTime = async page => parseFloat((await page.getByLabel('Simulated time').textContent()).replace(/[^\d.]/g, ''));

/** What the stage shows, as one string for each canvas. */
const pixels = page =>
  page.evaluate(() => [...document.querySelectorAll('.stage-panel canvas')].map(canvas => canvas.toDataURL()).join());

/** The fingerprint of the run so far: equal for equal runs, natively and in every browser. */
async function fingerprint(page) {
  await button(page, 'Share link').click();
  const text = await page.locator('#fingerprint').textContent();
  await page.keyboard.press('Escape');
  return text;
}

/** Goes to the end of the run and waits until it is there. */
async function toTheEnd(page) {
  await moment(page).fill(await moment(page).getAttribute('max'));
  const end = (await moment(page).getAttribute('aria-valuetext')).match(/of ([\d., ]+)/)[1];
  await expect.poll(() => shownTime(page), { timeout: 20_000 }).toBeCloseTo(parseFloat(end), 1);
}

test('requests move while it plays and stand while it is paused @phone', async ({ page }) => {
  await page.goto(LAB);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page)).toBeGreaterThan(0.1);
  const before = await pixels(page);
  await expect.poll(() => pixels(page)).not.toBe(before);
  await button(page, 'Pause').click();
  const paused = await shownTime(page);
  await page.waitForTimeout(200);
  const still = await pixels(page);
  await page.waitForTimeout(400);
  expect(await pixels(page)).toBe(still);
  expect(await shownTime(page)).toBe(paused);
});

test('the keyboard plays, pauses and steps', async ({ page }) => {
  await page.goto(LAB);
  await button(page, 'Play').waitFor();
  await page.keyboard.press(' ');
  await expect(button(page, 'Pause')).toBeVisible();
  await expect.poll(() => shownTime(page)).toBeGreaterThan(0.2);
  await page.keyboard.press(' ');
  await expect(button(page, 'Play')).toBeVisible();
  const before = await fingerprint(page);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(() => fingerprint(page)).not.toBe(before);
});

test('any moment is reached again as it was', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('2000');
  await expect.poll(() => shownTime(page)).toBeGreaterThan(5);
  const there = await fingerprint(page);
  const picture = await pixels(page);
  await toTheEnd(page);
  expect(await fingerprint(page)).not.toBe(there);
  await moment(page).fill('2000');
  await expect.poll(() => fingerprint(page)).toBe(there);
  await expect.poll(() => pixels(page)).toBe(picture);
});

test('a knob turned while it runs is a change, and the link replays it in a fresh profile', async ({ page, browser }) => {
  await page.goto(LAB);
  await moment(page).fill('1000');
  await expect.poll(() => shownTime(page)).toBeGreaterThan(2);
  await page.getByRole('radio', { name: 'Least conn.' }).check({ force: true });
  await expect(page.getByRole('button', { name: /Go to: lb: policy/ })).toBeVisible();
  await toTheEnd(page);
  const mine = await fingerprint(page);
  await button(page, 'Share link').click();
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  await page.keyboard.press('Escape');

  const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const other = await fresh.newPage();
  await other.goto(link);
  await toTheEnd(other);
  expect(await fingerprint(other)).toBe(mine);
  await fresh.close();

  // Without the change it is another run.
  await page.goto('about:blank');
  await page.goto(LAB);
  await toTheEnd(page);
  expect(await fingerprint(page)).not.toBe(mine);
});

test('a damaged link says so, and a whole one with a bad scenario too', async ({ page }) => {
  await page.goto(`${LAB}#s1.AAAA.0000000`);
  await expect(page.getByRole('alert').or(page.getByRole('status')).filter({ hasText: /link/i }).first()).toBeVisible();
  await expect(button(page, 'Play')).toBeVisible();
});

test('a real nginx log gives the figures that the command line gives', async ({ page }) => {
  const golden = JSON.parse(await readFile(new URL('../golden/nginx_replay.json', import.meta.url), 'utf8'));
  await page.goto(LAB);
  await button(page, 'Open file').click();
  await page.getByLabel(/Choose a file/).setInputFiles(fixture('access.log'));
  await expect(page.getByRole('dialog')).toContainText('1 967');
  await button(page, 'Replay it').click();
  await toTheEnd(page);
  expect(await fingerprint(page)).toBe(golden.digest);
});

test('bad lines are counted, and what is no log leaves everything as it was', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('500');
  await expect.poll(() => shownTime(page)).toBeGreaterThan(1);
  const before = await fingerprint(page);
  await button(page, 'Open file').click();
  await page.getByLabel(/Choose a file/).setInputFiles({ name: 'cat.png', mimeType: 'image/png', buffer: Buffer.from([137, 80, 78, 71, 0, 1, 2, 3]) });
  await expect(page.getByRole('dialog')).toContainText('unchanged');
  await page.getByLabel(/Choose a file/).setInputFiles(fixture('broken.log'));
  await expect(page.getByRole('dialog')).toContainText(/Line \d+/);
  await page.keyboard.press('Escape');
  expect(await fingerprint(page)).toBe(before);
});

test('a request on the stage tells its story', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('1500');
  await expect.poll(() => shownTime(page)).toBeGreaterThan(3);
  // A worker's or a travelling request: the inspector lists those in flight, by keyboard too.
  await page.getByRole('button', { name: /^Server 3/ }).first().click();
  await expect(page.getByLabel('Selection').first()).toContainText('Server 3');
});

test('home leads to a lab, and back leads home @phone', async ({ page }) => {
  await page.goto('');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.getByRole('link', { name: /Unequal servers/ }).first().click();
  await expect(button(page, 'Play').or(button(page, 'Pause')).first()).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('link', { name: /Unequal servers/ }).first()).toBeVisible();
});

test('the worst case shows a readable page with the scenario', async ({ page }) => {
  await page.goto(LAB);
  await button(page, 'Play').waitFor();
  await page.waitForFunction(() => typeof globalThis.__scenarioLink === 'string');
  await page.evaluate(() => globalThis.__fatal('panicked at src/somewhere.rs:1:1'));
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await expect(page.getByRole('alertdialog').getByRole('button', { name: 'Reload' })).toBeVisible();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing: home and lab, ${colorScheme} @phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto('');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await axe(page);
    await page.goto(LAB);
    await moment(page).fill('1500');
    await expect.poll(() => shownTime(page)).toBeGreaterThan(3);
    await axe(page);
  });
}

test('without motion nothing travels, and the figures still change', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(LAB);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page)).toBeGreaterThan(0.2);
  const [, marks] = await page.evaluate(() =>
    [...document.querySelectorAll('.stage-panel canvas')].map(canvas => {
      const { width, height } = canvas;
      return canvas.getContext('2d').getImageData(0, 0, width, height).data.some(value => value > 0);
    }),
  );
  expect(marks).toBe(false);
});
