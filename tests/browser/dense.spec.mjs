// Thousands of dots: a worker paints them on a canvas over the stage's own, and what is seen is the same.

import { expect, test } from './fixtures.mjs';
import { fragment } from './link.mjs';
import { PATIENT, button, shownTime } from './parts.mjs';
import { busy } from './stage.bench.mjs';

const COUNT = 6000;
const ADDRESS = `?speed=0.02&t=1000&dots=each${fragment(busy(COUNT))}`;

test.beforeEach(() => test.slow());

const stage = page => page.locator('.stage-panel');
const overlays = page => page.locator('.stage-panel canvas.overlay');
const widths = page => overlays(page).evaluateAll(all => all.map(canvas => canvas.width));

async function open(page, prepare) {
  if (prepare) await page.addInitScript(prepare);
  await page.goto(ADDRESS);
  await expect.poll(() => shownTime(page), PATIENT).toBe(1);
}

/** What is seen once nothing changes any more. */
async function seen(page) {
  let last;
  await expect.poll(async () => {
    const now = (await stage(page).screenshot()).toString('base64');
    const stands = now === last;
    last = now;
    return stands;
  }, PATIENT).toBe(true);
  return last;
}

test('a worker paints them as the page would', async ({ page, context }) => {
  await open(page);
  await expect.poll(() => widths(page), PATIENT).toEqual([0, expect.any(Number)]);
  expect((await widths(page))[1]).toBeGreaterThan(300);
  const byWorker = await seen(page);

  const other = await context.newPage();
  await open(other, () => delete HTMLCanvasElement.prototype.transferControlToOffscreen);
  const byPage = await seen(other);
  await expect(overlays(other)).toHaveCount(1);
  expect(byWorker === byPage, 'the same pixels').toBe(true);
  await other.close();

  await button(page, 'Play').click();
  await expect.poll(async () => (await stage(page).screenshot()).toString('base64') !== byWorker, PATIENT).toBe(true);
  await button(page, 'Pause').click();
  const paused = await seen(page);
  expect(paused === byWorker).toBe(false);
});

const WITHOUT = {
  'where no worker can be had': () => {
    globalThis.Worker = class {
      constructor() {
        throw new TypeError('no workers here');
      }
    };
  },
  'where the worker breaks': () => {
    globalThis.Worker = class {
      postMessage() {
        setTimeout(() => this.onerror(new MessageEvent('error')), 300);
      }

      terminate() {}
    };
  },
};
for (const [where, prepare] of Object.entries(WITHOUT)) {
  test(`${where} the page goes on painting them`, async ({ page }) => {
    await open(page, prepare);
    await expect(overlays(page)).toHaveCount(1);
    const before = await seen(page);
    expect(Math.min(...await widths(page))).toBeGreaterThan(300);
    await button(page, 'Play').click();
    await expect.poll(async () => (await stage(page).screenshot()).toString('base64') !== before, PATIENT).toBe(true);
    await expect(overlays(page)).toHaveCount(1);
  });
}

test('another run in its place has its own dots', async ({ page }) => {
  await open(page);
  await expect.poll(() => widths(page), PATIENT).toEqual([0, expect.any(Number)]);
  await page.evaluate(hash => { location.hash = hash; }, fragment({ ...busy(40), title: 'Calm' }));
  await expect(page.getByRole('heading', { name: 'Calm' })).toBeAttached(PATIENT);
  await expect(overlays(page)).toHaveCount(1);
  await expect.poll(async () => (await widths(page))[0], PATIENT).toBeGreaterThan(300);
});
