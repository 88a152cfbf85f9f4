// What the built site costs a browser: how soon requests move, what a frame with thousands of requests in flight takes
// beside a peer, how soon it answers, and how soon links that are meant to hurt are refused. Run by `cargo xtask bench`;
// `node bench.mjs links` measures one of the parts `start`, `frames`, `links`, `stage`, `response`.

import { chromium } from '@playwright/test';
import { args, executablePath } from './chromium.mjs';
import { HOSTILE, timed } from './hostile.mjs';
import { fragment } from './link.mjs';
import { response } from './response.bench.mjs';
import { serve } from './serve.mjs';
import { busy, stage } from './stage.bench.mjs';

const RUNS = 5;
const FRAME_MS = 1000 / 60;

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds from navigation to the first change of the picture on the home page. */
async function untilRequestsMove(browser, address) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(() => {
    let first;
    const look = () => {
      const canvas = [...document.querySelectorAll('canvas')].at(1);
      const now = canvas?.width ? canvas.toDataURL() : undefined;
      if (first !== undefined && now !== undefined && now !== first) globalThis.__moved = performance.now();
      else requestAnimationFrame(look);
      first ??= now;
    };
    requestAnimationFrame(look);
  });
  await page.goto(address);
  const moved = await page.waitForFunction(() => globalThis.__moved, undefined, { timeout: 30_000 });
  const ms = await moved.jsonValue();
  await page.close();
  return ms;
}

/** Main-thread milliseconds for each frame while it plays, and the frames that were painted a second. */
async function frameCost(browser, address, inFlight) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  // The time of the run passes slowly, so that what is measured is the picture.
  await page.goto(`${address}?speed=0.05&t=2000${fragment(busy(inFlight))}`);
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.waitForTimeout(2000);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const busyMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(metric => metric.name === 'TaskDuration').value * 1000;
  };
  const count = () => page.evaluate(() => new Promise(done => {
    let frames = 0;
    const end = performance.now() + 3000;
    const next = now => (now > end ? done(frames) : (frames++, requestAnimationFrame(next)));
    requestAnimationFrame(next);
  }));
  const before = await busyMs();
  const frames = await count();
  const cost = (await busyMs() - before) / frames;
  await page.close();
  return { cost, perSecond: frames / 3 };
}

/**
 * Milliseconds until a link is refused on the home page, and until the browser alone has taken an address of that
 * length, on a page of the site without scripts; in turns.
 */
async function refusal(browser, address, hash) {
  const page = await browser.newPage();
  const [ours, own] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    await page.goto(`${address}examples/index.html`);
    own.push(await page.evaluate(timed, [`#&x=${'A'.repeat(hash.length - 4)}`, 'body']));
    await page.goto(address);
    await page.locator('h1').waitFor();
    // What the first frames of the page need is not meant.
    await page.waitForTimeout(500);
    ours.push(await page.evaluate(timed, [hash, '.broken']));
  }
  await page.close();
  return { ms: median(ours), own_ms: median(own) };
}

const PARTS = {
  async start(browser, address) {
    const starts = [];
    for (let run = 0; run < RUNS; run++) starts.push(await untilRequestsMove(browser, address));
    console.log(`\nhome page: requests move ${median(starts).toFixed(0)} ms after navigation (median of ${RUNS}; best ${Math.min(...starts).toFixed(0)})`);
  },
  async frames(browser, address) {
    for (const inFlight of [100, 2000]) {
      const { cost, perSecond } = await frameCost(browser, address, inFlight);
      console.log(`${inFlight} in flight: ${cost.toFixed(1)} ms of the main thread a frame (${(cost / FRAME_MS).toFixed(2)} of a 60 Hz frame), ${perSecond.toFixed(0)} frames a second`);
    }
  },
  // These two have browsers and sites of their own.
  async stage() {
    (await stage()).forEach(line => console.log(`! ${line}`));
  },
  async response() {
    (await response()).forEach(line => console.log(`! ${line}`));
  },
  async links(browser, address) {
    console.log(`\n${'link, refused after ms (median of 5)'.padEnd(44)} ${'all'.padStart(6)} ${'browser'.padStart(8)} ${'ours'.padStart(6)}`);
    for (const [what, make] of Object.entries(HOSTILE)) {
      const { ms, own_ms } = await refusal(browser, address, make());
      console.log(`${what.padEnd(44)} ${ms.toFixed(1).padStart(6)} ${own_ms.toFixed(1).padStart(8)} ${(ms - own_ms).toFixed(1).padStart(6)}`);
    }
  },
};

const { address, stop } = await serve();
const browser = await chromium.launch({ executablePath, args });
const wanted = process.argv.slice(2);
for (const [name, part] of Object.entries(PARTS)) if (!wanted.length || wanted.includes(name)) await part(browser, address);
await browser.close();
stop();
