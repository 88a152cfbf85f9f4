// The stage beside PixiJS 8's ParticleContainer (benches/peers/stage): as many requests in flight, a dot each, as
// particles, on as many pixels, rendered without a graphics card. What counts are ratios within one run.
//
//   node stage.bench.mjs [count]…      e.g. `10000`

import { fileURLToPath } from 'node:url';
import { perFrame, start } from './cost.mjs';
import { fragment } from './link.mjs';
import { serve } from './serve.mjs';

const PEER = fileURLToPath(new URL('../../benches/peers/stage/', import.meta.url));
const VIEW = { width: 1440, height: 900 };
/** Requests in flight; what may be spent on a frame of the main thread, and of the peer's whole-browser time. */
const GOALS = [
  { count: 10_000, main: 4, share: 1 / 6 },
  { count: 100_000, main: 1000 / 60, share: 1 / 20 },
];
const RATIOS = [1, 2];
const ROUNDS = 2;
const WARM_MS = 1500;
const MEASURED_MS = 4000;
/** CSS pixels; see `radius` in src/scene/dots.rs. */
const RADIUS = 4.6;

/** About `inFlight` requests on the tracks at once: 100 ms each way over two connections. */
export const busy = inFlight => ({
  v: 1, title: 'Busy', seed: 1, duration_ms: 60_000,
  nodes: [
    { id: 'clients', kind: 'clients', rate_per_s: inFlight / 0.4, timeout_ms: 0, to: ['lb'] },
    { id: 'lb', kind: 'balancer', policy: 'random', to: ['servers'] },
    { id: 'servers', kind: 'servers', count: 8, workers: 64, service_ms: 1, to: [] },
  ],
  links: [{ from: 'clients', to: 'lb', latency_ms: 100 }, { from: 'lb', to: 'servers', latency_ms: 100 }],
});

/** Opens a page in a browser of its own, and measures it once it runs. */
async function measured(address, ratio, ready) {
  const { browser, pid, stop } = await start();
  // A service worker would load the whole site meanwhile.
  const context = await browser.newContext({ viewport: VIEW, deviceScaleFactor: ratio, serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.goto(address);
  const found = await ready(page);
  await page.waitForTimeout(WARM_MS);
  const cost = { ...await perFrame(pid, page, MEASURED_MS), ...found };
  await stop();
  return cost;
}

/** The lab's page as it is, playing. `each`: a dot for each request, which otherwise stands for several. */
const ours = (site, count, ratio, each) =>
  // The time of the run passes slowly, so that what is measured is the picture.
  measured(`${site}?speed=0.02&t=1000${each ? '&dots=each' : ''}${fragment(busy(count))}`, ratio, async page => {
    await page.getByRole('button', { name: 'Play', exact: true }).click({ timeout: 60_000 });
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
    return page.evaluate(() => {
      const { width, height } = document.querySelector('.stage-panel canvas.overlay').getBoundingClientRect();
      return { width, height };
    });
  });

const peer = (site, count, ratio, { width, height }) =>
  measured(`${site}particles.html?count=${count}&radius=${RADIUS}&width=${Math.round(width)}&height=${Math.round(height)}`, ratio, async page => {
    await page.waitForFunction(() => globalThis.__ready, undefined, { timeout: 60_000 });
  });

const mean = (all, of) => all.reduce((sum, it) => sum + it[of], 0) / all.length;
const told = (all, of) => mean(all, of).toFixed(1).padStart(7);

/** Prints the table; answers with what misses its goal. */
export async function stage(counts = GOALS.map(goal => goal.count)) {
  const site = await serve();
  const peers = await serve({ folder: PEER, prefix: '/' });
  const missed = [];
  console.log('\nmilliseconds of processor time a frame, software rendering (main thread | whole browser):');
  console.log('in flight  ratio        stage, thinned    a dot each        PixiJS 8          each ÷ PixiJS');
  for (const { count, main, share } of GOALS.filter(goal => counts.includes(goal.count))) {
    for (const ratio of RATIOS) {
      const [thinned, each, pixi] = [[], [], []];
      for (let round = 0; round < ROUNDS; round++) {
        each.push(await ours(site.address, count, ratio, true));
        pixi.push(await peer(peers.address, count, ratio, each[0]));
        thinned.push(await ours(site.address, count, ratio, false));
      }
      const found = mean(each, 'all') / mean(pixi, 'all');
      const pair = all => `${told(all, 'main')} |${told(all, 'all')}`;
      console.log(
        `${String(count).padEnd(10)} ${ratio} ${mean(each, 'perSecond').toFixed(0).padStart(4)}/s  ${pair(thinned)}  ${pair(each)}  ${pair(pixi)}`
        + `   1/${(1 / found).toFixed(1)}, wanted 1/${(1 / share).toFixed(0)}`,
      );
      if (found > share) missed.push(`${count} at ratio ${ratio}: 1/${(1 / found).toFixed(1)} of PixiJS`);
      if (mean(each, 'main') > main) missed.push(`${count} at ratio ${ratio}: ${mean(each, 'main').toFixed(1)} ms of the main thread`);
    }
  }
  site.stop();
  peers.stop();
  return missed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const counts = process.argv.slice(2).map(Number);
  const missed = await stage(counts.length ? counts : undefined);
  missed.forEach(line => console.log(`! ${line}`));
}
