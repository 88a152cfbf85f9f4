// How soon the page answers: interaction to next paint while a run plays, by the Event Timing API; and the longest that
// a sweep keeps the page from painting.
//
//   node response.bench.mjs

import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { args, executablePath } from './chromium.mjs';
import { serve } from './serve.mjs';

const PAGE = { viewport: { width: 1440, height: 900 }, serviceWorkers: 'block' };
/** The goal for an interaction; a page is blocked while one of its tasks takes longer. */
const GOAL_MS = 100;
const LABS = ['load-balancing/one-slow-server', 'caching/eviction-race', 'hash-rings/virtual-points', 'rate-limiting/fair-per-client'];
const ROUNDS = 4;

/** Notes every interaction's time to the next paint, by what was done. The API counts in steps of 8 ms. */
function watch() {
  globalThis.__took = [];
  new PerformanceObserver(list => {
    for (const { interactionId, duration, name } of list.getEntries()) {
      if (interactionId) globalThis.__took.push({ interactionId, duration, name, doing: globalThis.__doing });
    }
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click();

/** What a visitor does while it plays: name, and how. */
const ACTS = [
  ['pause', page => press(page, 'Pause')],
  ['play', page => press(page, 'Play')],
  ['tab of the inspector', page => page.getByRole('tab', { name: 'Inspect' }).click()],
  ['a node on the stage', async page => {
    const box = await page.locator('.stage .target').nth(1).boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + 12);
  }],
  ['tab of the controls', page => page.getByRole('tab', { name: 'Controls' }).click()],
  ['a slider by its key', async page => {
    await page.getByRole('tabpanel').getByRole('slider').first().focus();
    await page.keyboard.press('ArrowRight');
  }],
  ['typing in a field', async page => {
    const field = page.getByRole('tabpanel').getByRole('textbox').first();
    if (!await field.count()) return;
    await field.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('120');
    await page.keyboard.press('Enter');
  }],
  ['a chip', async page => {
    const chip = page.getByRole('tabpanel').locator('.chip').nth(1);
    if (await chip.count()) await chip.click();
  }],
  ['speed by its key', async page => {
    await page.getByRole('slider', { name: 'Speed' }).focus();
    await page.keyboard.press('ArrowLeft');
  }],
];

async function interactions(browser, site, lab) {
  const page = await browser.newPage(PAGE);
  await page.addInitScript(watch);
  await page.goto(`${site}?lab=${lab}`);
  await press(page, 'Play');
  for (let round = 0; round < ROUNDS; round++) {
    for (const [doing, act] of ACTS) {
      await page.evaluate(doing => { globalThis.__doing = doing; }, doing);
      await act(page);
      await page.waitForTimeout(150);
    }
  }
  const took = await page.evaluate(() => globalThis.__took);
  await page.close();
  // Of an interaction's events the longest counts.
  const longest = new Map();
  for (const { interactionId, duration, doing } of took) {
    const known = longest.get(interactionId);
    if (!known || known.duration < duration) longest.set(interactionId, { duration, doing });
  }
  return [...longest.values()].sort((a, b) => b.duration - a.duration);
}

/** The longest time between two frames, and the longest task, while a sweep runs. */
async function sweep(browser, site, worker) {
  const page = await browser.newPage(PAGE);
  if (!worker) await page.addInitScript(() => { delete globalThis.Worker; });
  await page.goto(`${site}?lab=load-balancing/one-slow-server&view=compare`);
  await page.getByRole('tab', { name: 'Sweep' }).click({ timeout: 60_000 });
  await page.evaluate(() => {
    globalThis.__gaps = [];
    globalThis.__tasks = [];
    new PerformanceObserver(list => globalThis.__tasks.push(...list.getEntries().map(entry => entry.duration)))
      .observe({ type: 'longtask' });
    let last;
    const frame = now => {
      if (last !== undefined) globalThis.__gaps.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await press(page, 'Run');
  await page.getByText(/^All .* runs are done\.$/).waitFor({ timeout: 240_000 });
  const found = await page.evaluate(() => ({ gap: Math.max(...globalThis.__gaps), task: Math.max(0, ...globalThis.__tasks) }));
  await page.close();
  return found;
}

/** Prints what was found; answers with what misses its goal. */
export async function response() {
  const { address, stop } = await serve();
  const browser = await chromium.launch({ executablePath, args });
  const missed = [];
  console.log('\ninteraction to next paint while it plays (under 16 ms is not counted):');
  for (const lab of LABS) {
    const all = await interactions(browser, address, lab);
    const [worst] = all;
    console.log(`${lab.padEnd(34)} ${String(all.length).padStart(3)} longer than 16 ms, the worst ${all.slice(0, 3).map(it => `${it.duration} ms (${it.doing})`).join(', ') || '–'}`);
    if (worst?.duration > GOAL_MS) missed.push(`${lab}: ${worst.duration} ms after ${worst.doing}`);
  }
  for (const worker of [true, false]) {
    const { gap, task } = await sweep(browser, address, worker);
    console.log(`a sweep ${worker ? 'in a worker' : 'without workers'}: at most ${gap.toFixed(0)} ms between two frames, the longest task ${task.toFixed(0)} ms`);
    if (task > GOAL_MS) missed.push(`a sweep ${worker ? 'in a worker' : 'without workers'}: a task of ${task.toFixed(0)} ms`);
  }
  await browser.close();
  stop();
  return missed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  (await response()).forEach(line => console.log(`! ${line}`));
}
