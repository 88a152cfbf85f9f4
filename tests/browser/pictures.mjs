// Takes pictures of the built site, to be looked at: every state in every view, in target/pictures.
//
//   node pictures.mjs [part of a name]…      e.g. `home`, `phone`, `lab-playing.desktop-dark`
//
// A new state is a line in STATES, a new view a line in VIEWS. Every lab is a state by itself, `lab.TOPIC.NAME`, at
// two fifths of its run: `lab.caching phone` takes all labs on caches, and everything on phones.

import { chromium } from '@playwright/test';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { args, executablePath } from './chromium.mjs';
import { fragment } from './link.mjs';
import { DIST, serve } from './serve.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const UNEQUAL = '?lab=load-balancing/unequal-servers';
const CRASH = '?lab=load-balancing/crash-and-health-checks';
const CACHE = `all/${fragment(JSON.parse(await readFile(new URL('../scenarios/cache.json', import.meta.url), 'utf8')))}`;

/** What to look at: an address below the site, and what a visitor does there before the picture. */
const STATES = [
  { name: 'home', at: '' },
  { name: 'lab', at: LAB },
  { name: 'lab-playing', at: LAB, act: async page => { await press(page, 'Play'); await page.waitForTimeout(4000); } },
  { name: 'lab-paused', at: LAB, act: async page => { await press(page, 'Play'); await page.waitForTimeout(4000); await press(page, 'Pause'); } },
  { name: 'lab-later', at: `${LAB}&t=12480`, act: page => playFor(page, 1500) },
  { name: 'unequal', at: `${UNEQUAL}&t=14000`, act: page => playFor(page, 1500) },
  { name: 'cache', at: CACHE, act: page => playFor(page, 4000) },
  { name: 'crash', at: `${CRASH}&t=6000`, act: page => playFor(page, 2000) },
  { name: 'request', at: `${LAB}&t=12480`, act: page => page.getByRole('button', { name: /^Request/ }).first().click({ timeout: 5000 }) },
  { name: 'server', at: `${LAB}&t=12480`, act: async page => {
    await page.getByRole('button', { name: /^Server 3/ }).first().focus();
    await page.keyboard.press('Enter');
  } },
  { name: 'lesson', at: LAB, act: page => page.getByRole('tab', { name: 'Lesson' }).click() },
  { name: 'inspect', at: `${LAB}&t=12480`, act: page => page.getByRole('tab', { name: 'Inspect' }).click() },
  { name: 'task', at: LAB, act: async page => {
    const tab = page.getByRole('tab', { name: 'Task' });
    if (await tab.count()) await tab.click();
    await page.getByRole('button', { name: '0 %', exact: true }).click();
  } },
  { name: 'share', at: `${LAB}&t=4000`, act: async page => {
    await press(page, 'Share link');
    await page.getByText('QR code').click();
  } },
  { name: 'frame', at: `${LAB}&t=4000`, act: async page => {
    await press(page, 'Share link');
    await press(page, 'Put it on a page…');
    await page.frameLocator('dialog iframe').getByRole('button', { name: /Start/ }).waitFor();
  } },
  { name: 'frame-high', at: LAB, act: async page => {
    await press(page, 'Share link');
    await press(page, 'Put it on a page…');
    await page.getByLabel('As high as what is in it').check();
    await page.frameLocator('dialog iframe').getByRole('button', { name: /Start/ }).waitFor();
    await page.waitForTimeout(1000);
  } },
  { name: 'question', at: LAB, act: async page => {
    await page.getByRole('radio', { name: 'Least conn.' }).check({ force: true });
    await page.evaluate(() => { location.hash = '#s1.AAAA.0000000'; });
    await page.getByRole('button', { name: 'Keep mine' }).waitFor();
  } },
  { name: 'log', at: LAB, act: async page => {
    await press(page, 'Open file');
    await page.getByLabel(/Choose a file/).setInputFiles(fileURLToPath(new URL('../fixtures/nginx/broken.log', import.meta.url)));
  } },
  { name: 'notice', at: `${LAB}&p.lb.policy=nonsense&p.servers.workers=-4#s1.AAAA.0000000` },
  { name: 'left-out', at: `${LAB}&seed=-1&speed=fast&edit=all&show=teapot&theme=pink&lang=de&height=9&start=now` },
  { name: 'stopped', at: LAB, act: page => page.evaluate(() => {
    globalThis.__scenarioLink = `${location.href}#s1.${'abcdefgh'.repeat(20)}.0123456`;
    globalThis.__fatal('panicked at src/run/mod.rs:120:9:\nindex out of bounds: the len is 4 but the index is 4');
  }) },
];

const VIEWS = [
  { name: 'desktop-light', viewport: { width: 1440, height: 900 } },
  { name: 'desktop-dark', viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
  { name: 'desktop-still', viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' },
  { name: 'tablet-light', viewport: { width: 1024, height: 768 } },
  { name: 'tablet-dark', viewport: { width: 1024, height: 768 }, colorScheme: 'dark' },
  { name: 'phone-light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  { name: 'large-text', viewport: { width: 1440, height: 900 }, text: 2 },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'dark' },
];

/** Every lab of the built site, while it plays. */
async function labs() {
  const folder = (await readdir(DIST)).find(name => name.startsWith('labs-'));
  const files = (await readdir(`${DIST}/${folder}`, { recursive: true })).filter(file => file.endsWith('.json'));
  return Promise.all(files.sort().map(async file => {
    const lab = file.slice(0, -'.json'.length);
    const { duration_ms } = JSON.parse(await readFile(`${DIST}/${folder}/${file}`, 'utf8'));
    return { name: `lab.${lab.replace('/', '.')}`, at: `?lab=${lab}&t=${Math.round(duration_ms * 0.4)}`, act: page => playFor(page, 1500) };
  }));
}

const FOLDER = fileURLToPath(new URL('../../target/pictures/', import.meta.url));

async function playFor(page, ms) {
  await press(page, 'Play');
  await page.waitForTimeout(ms);
}

function press(page, name) {
  return page.getByRole('button', { name }).first().click({ timeout: 5000 });
}

/** Takes one picture; answers with what went wrong on the way, which does not hinder the picture. */
async function picture(browser, address, state, view) {
  const { name: _, text, ...options } = view;
  const context = await browser.newContext(options);
  const page = await context.newPage();
  // The browser's setting, which media queries follow too.
  if (text) await (await context.newCDPSession(page)).send('Page.setFontSizes', { fontSizes: { standard: 16 * text, fixed: 13 * text } });
  const complaints = [];
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(String(error)));
  try {
    await page.goto(address + state.at, { waitUntil: 'networkidle' });
    await state.act?.(page);
    // Yew draws in the next frame, and a moment may be worked out over several.
    await page.waitForTimeout(400);
  } catch (error) {
    complaints.push(error.message.split('\n')[0]);
  }
  await page.screenshot({ path: `${FOLDER}${state.name}.${view.name}.png` });
  await context.close();
  return complaints;
}

const wanted = process.argv.slice(2);
const chosen = [...STATES, ...await labs()].flatMap(state => VIEWS.map(view => ({ state, view })))
  .filter(({ state, view }) => !wanted.length || wanted.some(part => `${state.name}.${view.name}`.includes(part)));

await mkdir(FOLDER, { recursive: true });
const { address, stop } = await serve();
const browser = await chromium.launch({ executablePath, args });
// Two at a time: most of it is waiting.
await Promise.all([1, 2].map(async () => {
  for (let next; (next = chosen.shift());) {
    const complaints = await picture(browser, address, next.state, next.view);
    console.log([`${FOLDER}${next.state.name}.${next.view.name}.png`, ...complaints].join('\n    '));
  }
}));
await browser.close();
stop();
