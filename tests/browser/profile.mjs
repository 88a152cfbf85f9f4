// Opens the page that notes every function it enters, as first visits do, and writes the numbers of those that ran:
//
//   SWITCHYARD_DIST=folder node profile.mjs FILE
//
// What somebody does there beyond pressing Play is no part of it.

import { chromium } from '@playwright/test';
import { writeFile } from 'node:fs/promises';
import { args, executablePath } from './chromium.mjs';
import { serve } from './serve.mjs';

const LAB = 'lab=load-balancing/one-slow-server';
const PAGES = ['', `?${LAB}`, `?${LAB}&t=12480`, `?${LAB}&t=59000`, `embed.html?${LAB}`, `embed.html?${LAB}&start=auto&show=stage`];
/** In the first, until most of what can happen to a request has happened: a run begins slowly. */
const VIEWS = [
  { play_ms: 15_000, viewport: { width: 1440, height: 900 } },
  { play_ms: 4_000, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  { play_ms: 4_000, viewport: { width: 1024, height: 768 }, colorScheme: 'dark', reducedMotion: 'reduce' },
  // A machine that cannot keep up.
  { play_ms: 8_000, viewport: { width: 1440, height: 900 }, slower: 8 },
];

const site = await serve();
const browser = await chromium.launch({ executablePath, args });
const entered = new Set();
for (const { play_ms, slower, ...view } of VIEWS) {
  for (const at of PAGES) {
    const context = await browser.newContext({ ...view, serviceWorkers: 'block' });
    const page = await context.newPage();
    if (slower) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: slower });
    await page.goto(site.address + at);
    await page.locator('#app > *').first().waitFor();
    await page.waitForTimeout(1500);
    const play = page.getByRole('button', { name: /^(Play|Start)/ }).first();
    if (await play.isVisible()) {
      // By script: pointers and keys are what comes later.
      await play.evaluate(button => button.click());
      await page.waitForTimeout(play_ms);
    }
    const ran = await page.evaluate(() => [...globalThis.__entered].flatMap((once, number) => once ? [number] : []));
    console.log(`${at || 'home'}: ${ran.length}`);
    for (const number of ran) entered.add(number);
    await context.close();
  }
}
await browser.close();
await site.stop();
await writeFile(process.argv[2], [...entered].sort((a, b) => a - b).map(number => `${number}\n`).join(''));
