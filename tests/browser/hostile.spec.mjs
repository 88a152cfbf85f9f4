// Hosts and browsers that forbid, lose or mislabel something: it works without, or says so.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { args, executablePath } from './chromium.mjs';
import { expect, test } from './fixtures.mjs';
import { PATIENT, button, shownTime } from './parts.mjs';
import { serve } from './serve.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const MODULE = /_bg\.wasm$/;
const title = page => page.getByRole('heading', { level: 1 });

test.beforeEach(() => test.slow());

/** A lab can be opened, run and changed. */
async function works(page) {
  await expect(title(page)).toHaveText('One slow server', PATIENT);
  const before = await shownTime(page);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(before);
  await button(page, 'Pause').click();
  await page.getByRole('radio', { name: 'Two choices' }).check();
  await expect.poll(() => page.url(), PATIENT).toContain('#s1.');
}

test('a reader who lets no site keep anything can use it', async ({ baseURL }) => {
  // A user of its own, with the browser's own setting: it makes localStorage throw.
  const folder = await mkdtemp(fileURLToPath(new URL('../../target/browser-user-', import.meta.url)));
  await mkdir(join(folder, 'Default'));
  await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const context = await chromium.launchPersistentContext(folder, { executablePath, args });
  const complaints = [];
  context.on('weberror', error => complaints.push(String(error.error())));
  context.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  const page = await context.newPage();
  await page.goto(baseURL + LAB);
  expect(await page.evaluate(() => { try { return localStorage.length; } catch (error) { return error.name; } })).toBe('SecurityError');
  await works(page);
  await page.goto(baseURL);
  await expect(page.locator('.gallery li').first()).toBeVisible(PATIENT);
  await page.waitForTimeout(3000);
  expect(complaints).toEqual([]);
  await context.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

test.describe('a host that sends the program under a wrong type', () => {
  test.use({ allowed: [/MIME type/] });

  for (const contentType of ['application/octet-stream', 'text/plain; charset=utf-8', 'text/html']) {
    test(contentType, async ({ page }) => {
      await page.route(MODULE, async route => route.fulfill({ response: await route.fetch(), contentType }));
      await page.goto(LAB);
      await works(page);
    });
  }
});

test('by plain http from another machine, as in a classroom', async () => {
  const site = await serve();
  const browser = await chromium.launch({ executablePath, args: [...args, '--host-resolver-rules=MAP classroom.test 127.0.0.1'] });
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  const address = site.address.replace('127.0.0.1', 'classroom.test');
  await page.goto(address + LAB);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await works(page);
  await page.goto(`${address}all/?lab=caching/eviction-race`);
  await expect(title(page)).toHaveText('Eviction race on one stream', PATIENT);
  expect(complaints).toEqual([]);
  await browser.close();
  await site.stop();
});

test('of twenty frames at most three run, and what is out of sight does nothing', async ({ page }) => {
  // Every frame of every page counts what it asks to be called back for.
  await page.addInitScript(() => {
    globalThis.calls = 0;
    for (const name of ['requestAnimationFrame', 'setTimeout', 'setInterval']) {
      const ask = globalThis[name];
      globalThis[name] = (callback, ...rest) => ask((...given) => {
        globalThis.calls += 1;
        callback(...given);
      }, ...rest);
    }
  });
  await page.goto('examples/lesson.html');
  await page.evaluate(() => {
    const [first, ...others] = document.querySelectorAll('switchyard-lab');
    for (const other of others) other.remove();
    first.setAttribute('start', 'auto');
    first.setAttribute('height', '400');
    for (let n = 1; n < 20; n++) first.after(first.cloneNode(true));
    document.body.append(Object.assign(document.createElement('div'), { id: 'end' }));
    document.querySelector('#end').style.height = '4000px';
  });
  const labs = page.locator('switchyard-lab');
  await expect(labs).toHaveCount(20);
  const running = () => page.evaluate(() => [...document.querySelectorAll('switchyard-lab')].filter(lab => lab.running).length);
  const frames = () => page.frames().filter(frame => frame.url().includes('embed.html'));
  const seconds = async frame => parseFloat((await frame.getByLabel('Simulated time').textContent()).replace(/[^\d.]/g, ''));
  // The first was there before it was told to start by itself.
  for (const at of [1, 7, 19]) {
    await labs.nth(at).scrollIntoViewIfNeeded();
    await expect(labs.nth(at).frameLocator('iframe').getByRole('button', { name: 'Pause', exact: true })).toBeVisible(PATIENT);
    expect(await running()).toBeLessThanOrEqual(3);
  }
  expect(await running()).toBeGreaterThan(0);
  // Neighbours still come and go.
  let last = '';
  await expect.poll(() => last === (last = frames().map(frame => frame.url()).join()), { intervals: [2500], ...PATIENT }).toBe(true);
  const calls = () => Promise.all(frames().map(frame => frame.evaluate(() => globalThis.calls)));
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  const cpu_s = async () => (await client.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
  const over = async ms => {
    const [before, cpuBefore] = [await calls(), await cpu_s()];
    await page.waitForTimeout(ms);
    const after = await calls();
    return { calls: after.map((count, at) => count - before[at]), cpu_ms_per_s: (await cpu_s() - cpuBefore) / ms * 1e6 };
  };
  const seen = await over(2000);
  expect(Math.max(...seen.calls)).toBeGreaterThan(5);
  await page.locator('#end').evaluate(end => scrollTo(0, end.offsetTop + 2000));
  await page.waitForTimeout(1000);
  const times = await Promise.all(frames().map(seconds));
  const unseen = await over(3000);
  console.log(`frames: ${seen.cpu_ms_per_s.toFixed(0)} ms of CPU a second while one is seen, ${unseen.cpu_ms_per_s.toFixed(1)} while none is`);
  // A pulse now and then, but no frames.
  expect(Math.max(...unseen.calls)).toBeLessThan(5);
  expect(await Promise.all(frames().map(seconds))).toEqual(times);
});
