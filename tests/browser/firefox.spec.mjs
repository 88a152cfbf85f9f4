// The main path, the embed and the offline site in Firefox. What is special to no browser is tested in Chromium.

import { createServer } from 'node:http';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import { executablePath, start } from './bidi.mjs';
import { fragment } from './link.mjs';
import { OPEN, serve } from './serve.mjs';
import { busy } from './stage.bench.mjs';

/** A slow start on a machine that does other things too. */
const PATIENT = { timeout: 30_000 };
const LAB = 'lab=load-balancing/one-slow-server';
const MADE = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/one-slow-server.json', import.meta.url), 'utf8'));
const CACHE = JSON.parse(await readFile(new URL('../scenarios/cache.json', import.meta.url), 'utf8'));

const test = base.extend({
  firefox: [async ({}, use) => {
    const firefox = await start();
    await use(firefox);
    await firefox.close();
  }, { scope: 'worker', timeout: 90_000 }],

  /** A tab; what the console complains of fails the test. */
  tab: async ({ firefox }, use) => {
    firefox.complaints = [];
    await use(await firefox.page());
    expect(firefox.complaints).toEqual([]);
  },
});

test.skip(!executablePath, 'there is no Firefox here');
// One browser for all of them.
test.describe.configure({ mode: 'default', timeout: 120_000 });

const title = page => expect.poll(() => page.text('h1'), PATIENT);
const time = page => page.evaluate(() => parseFloat(document.querySelector('[aria-label="Simulated time"]')?.textContent.replace(/[^\d.]/g, '')));
const there = (page, name) => expect.poll(() => page.evaluate(name => [...document.querySelectorAll('button')].some(found => (found.ariaLabel ?? found.textContent).trim() === name), name), PATIENT);

/** A page of another site, which is another name of this machine. */
async function host(body) {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Course</title><body>${body}`);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://localhost:${server.address().port}/`, stop: () => server.close() };
}

test('a lab runs, a setting is turned, and the address keeps both', async ({ tab, baseURL }) => {
  await tab.goto(baseURL);
  await title(tab).toBe('See what every request goes through');
  await tab.click('.gallery a', 'One slow server');
  await title(tab).toBe('One slow server');
  await there(tab, 'Play').toBe(true);
  const before = await time(tab);
  await tab.click('button', 'Play');
  await expect.poll(() => time(tab), PATIENT).toBeGreaterThan(before + 0.1);
  await tab.click('button', 'Pause');
  const chosen = () => tab.evaluate(() => [...document.querySelectorAll('input[type=radio]:checked')].map(found => found.labels[0]?.textContent.trim()));
  expect((await chosen()).join()).not.toContain('Two choices');
  await tab.click('label', 'Two choices');
  await expect.poll(async () => (await chosen()).join(), PATIENT).toContain('Two choices');
  await expect.poll(() => tab.evaluate(() => location.hash), PATIENT).toMatch(/^#s1\./);
  await tab.reload();
  await title(tab).toBe('One slow server');
  await expect.poll(() => tab.evaluate(() => document.querySelector('canvas')?.width ?? 0), PATIENT).toBeGreaterThan(0);
});

test('thousands of dots are painted by a worker', async ({ tab, baseURL }) => {
  await tab.goto(`${baseURL}?speed=0.02&t=1000&dots=each${fragment(busy(6000))}`);
  await there(tab, 'Play').toBe(true);
  const overlays = () => tab.evaluate(() => [...document.querySelectorAll('.stage-panel canvas.overlay')].map(canvas => canvas.width));
  await expect.poll(overlays, PATIENT).toEqual([0, expect.any(Number)]);
  // What a worker has painted can only be copied.
  const dots = () => tab.evaluate(() => {
    const shown = [...document.querySelectorAll('.stage-panel canvas.overlay')][1];
    const copy = Object.assign(document.createElement('canvas'), { width: shown.width, height: shown.height });
    const pen = copy.getContext('2d');
    pen.drawImage(shown, 0, 0);
    return pen.getImageData(0, 0, copy.width, copy.height).data.filter((value, index) => index % 4 === 3 && value === 255).length;
  });
  await expect.poll(dots, PATIENT).toBeGreaterThan(1000);
});

test('a copied link that is pasted asks before it replaces one\'s own; Back brings that back', async ({ tab, baseURL }) => {
  await tab.goto(baseURL + fragment({ ...MADE, title: 'Mine' }));
  await there(tab, 'Share link').toBe(true);
  await tab.click('button', 'Share link');
  await there(tab, 'Copy').toBe(true);
  await tab.click('dialog button', 'Copy');
  await expect.poll(() => tab.text('dialog p[aria-live]'), PATIENT).toBe('Copied.');

  await tab.goto('about:blank');
  await tab.goto(`${baseURL}?${LAB}`);
  await there(tab, 'Play').toBe(true);
  await tab.click('label', 'Least conn.');
  const chosen = () => tab.evaluate(() => [...document.querySelectorAll('input[type=radio]:checked')].map(found => found.labels[0]?.textContent.trim()).join());
  await expect.poll(chosen, PATIENT).toContain('Least conn.');
  await expect.poll(() => tab.evaluate(() => location.hash), PATIENT).toMatch(/^#s1\./);
  const paste = () => tab.press('v', 'Control');
  await paste();
  await expect.poll(() => tab.text('dialog h2'), PATIENT).toBe('Open it, and leave your changes?');
  expect(await tab.evaluate(() => document.activeElement.textContent)).toBe('Keep mine');
  await tab.click('dialog button', 'Keep mine');
  await expect.poll(() => tab.text('dialog'), PATIENT).toBe(null);
  await title(tab).toBe('One slow server');
  await paste();
  await there(tab, 'Open it').toBe(true);
  await tab.click('dialog button', 'Open it');
  await title(tab).toBe('Mine');
  await tab.evaluate(() => history.back());
  await title(tab).toBe('One slow server');
  await expect.poll(chosen, PATIENT).toContain('Least conn.');
});

test('a file is opened, and one that is none is refused with its place', async ({ tab, baseURL }, { outputDir }) => {
  await mkdir(outputDir, { recursive: true });
  const put = async (name, content) => {
    const file = join(outputDir, name);
    await writeFile(file, content);
    return file;
  };
  await tab.goto(`${baseURL}?${LAB}`);
  await there(tab, 'Open file').toBe(true);
  await tab.click('button', 'Open file');
  await expect.poll(() => tab.text('dialog h2'), PATIENT).not.toBe(null);
  await tab.setFiles('dialog input[type=file]', [await put('broken.json', JSON.stringify({ ...MADE, seed: -1 }))]);
  await expect.poll(() => tab.text('dialog'), PATIENT).toContain('seed');
  await title(tab).toBe('One slow server');
  await tab.setFiles('dialog input[type=file]', [await put('mine.json', JSON.stringify({ ...MADE, title: 'Mine' }))]);
  await title(tab).toBe('Mine');
  await expect.poll(() => tab.text('dialog'), PATIENT).toBe(null);
});

test('the link is shared with its code; the frame\'s HTML is what its preview shows, and runs on another site', async ({ tab, baseURL }) => {
  await tab.goto(`${baseURL}?${LAB}&t=2000`);
  await there(tab, 'Share link').toBe(true);
  const link = () => tab.evaluate(() => document.querySelector('#share-link')?.value ?? '');
  // Where the page still moves, a press may miss the button.
  await expect(async () => {
    if (!await link()) await tab.click('button', 'Share link');
    await expect.poll(link, { timeout: 5000 }).toMatch(/#s1\./);
  }).toPass(PATIENT);
  const address = await link();
  await tab.click('dialog summary', 'QR code');
  await expect.poll(() => tab.evaluate(() => document.querySelectorAll('dialog svg path').length), PATIENT).toBeGreaterThan(0);
  await tab.click('dialog button', 'Copy');
  await expect.poll(() => tab.text('dialog [aria-live]'), PATIENT).toMatch(/Copied|does not allow copying/);
  await tab.click('dialog button', 'Put it on a page…');
  const code = () => tab.evaluate(() => document.querySelector('dialog textarea')?.value ?? '');
  await expect.poll(code, PATIENT).toContain('<iframe ');
  // Until the preview is made it may be one frame after the other.
  await expect(async () => there(await tab.frame(), 'Play').toBe(true)).toPass(PATIENT);
  await tab.click('dialog label', 'Dark');
  await tab.click('dialog label', 'As high as what is in it');
  const made = await code();
  expect(made).toMatch(/theme=dark.*height=auto|height=auto.*theme=dark/);
  // The preview is another frame by then, as dark and as high as what is in it.
  await expect.poll(() => tab.evaluate(() => {
    const frame = document.querySelector('dialog iframe');
    const root = frame?.contentDocument?.documentElement;
    return root?.dataset.theme === 'dark' && frame.height !== '480' && Math.abs(frame.height - root.querySelector('#app').getBoundingClientRect().height) < 2;
  }), PATIENT).toBe(true);

  const course = await host(made);
  await tab.goto(course.address);
  const frame = await tab.frame();
  await there(frame, 'Play').toBe(true);
  expect(await frame.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  const begin = await time(frame);
  await frame.click('.begin');
  await expect.poll(() => time(frame), PATIENT).toBeGreaterThan(begin);
  course.stop();

  // The link opens the same run.
  await tab.goto(address);
  await title(tab).toBe('One slow server');
  await there(tab, 'Play').toBe(true);
});

test('the element keeps its labs at three, and they answer', async ({ tab, baseURL }) => {
  await tab.goto(`${baseURL}examples/lesson.html`);
  await tab.evaluate(() => {
    for (let n = 3; n < 8; n++) document.body.append(document.querySelector('switchyard-lab').cloneNode(true));
    document.querySelectorAll('switchyard-lab')[6].scrollIntoView();
  });
  const asked = () => tab.evaluate(() => document.querySelectorAll('switchyard-lab')[6].request('get').then(({ scenario }) => scenario.title, error => error.code));
  await expect.poll(asked, PATIENT).toBe('One slow server');
  expect(await tab.evaluate(() => [...document.querySelectorAll('switchyard-lab')].filter(lab => lab.running).length)).toBeLessThanOrEqual(3);
});

test('a damaged link is refused, and a hostile one too', async ({ tab, baseURL }) => {
  // Firefox itself refuses addresses of more than a million characters.
  for (const hash of [fragment(MADE).slice(0, -3), `#s1.${'A'.repeat(900_000)}.0000000`, `#s1.${'%2E'.repeat(5000)}`]) {
    await tab.goto('about:blank');
    await tab.goto(baseURL + hash);
    await title(tab).toBe('This link cannot be opened');
  }
});

test('a link to what the first page lacks runs on the whole page', async ({ tab, baseURL }) => {
  await tab.goto(baseURL + fragment(CACHE));
  await title(tab).toBe(CACHE.title);
  expect(await tab.evaluate(() => location.pathname)).toMatch(/\/all\/$/);
  await there(tab, 'Play').toBe(true);
  await tab.click('button', 'Play');
  await expect.poll(() => time(tab), PATIENT).toBeGreaterThan(0.1);
});

for (const [what, attributes, extra] of [['another site', '', {}], ['a sandbox with nothing but scripts', 'sandbox="allow-scripts"', OPEN]]) {
  test(`a frame in ${what} starts by a press and answers messages`, async ({ tab }) => {
    const site = await serve({ extra });
    const course = await host(`<iframe ${attributes} title="Lab" width="900" height="600" src="${site.address}embed.html?${LAB}&id=mine"></iframe>`);
    await tab.goto(course.address);
    const frame = await tab.frame();
    await there(frame, 'Play').toBe(true);
    const begin = await time(frame);
    await frame.click('.begin');
    await expect.poll(() => time(frame), PATIENT).toBeGreaterThan(begin);
    const got = await tab.evaluate(() => new Promise(resolve => {
      const frame = document.querySelector('iframe').contentWindow;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => data.n === 1 && resolve(data);
      frame.postMessage({ switchyard: 1, type: 'connect', id: 'mine' }, '*', [port2]);
      port1.postMessage({ n: 1, type: 'get' });
    }));
    expect(got).toMatchObject({ ok: true, result: { scenario: { title: 'One slow server' }, link: expect.stringMatching(/^s1\./) } });
    expect(await tab.evaluate(() => history.length)).toBe(1);
    course.stop();
    await site.stop();
  });
}

test('loaded once, the site opens without a network', async ({ tab, firefox }) => {
  const site = await serve();
  await tab.goto(site.address);
  await tab.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => new Promise(resolve => {
    if (active.state === 'activated') resolve();
    active.addEventListener('statechange', resolve, { once: true });
  })));
  await site.stop();
  await tab.reload();
  await title(tab).toBe('See what every request goes through');
  await tab.goto(`${site.address}?lab=caching/eviction-race`);
  await title(tab).toBe('Eviction race on one stream');
  // The worker has asked whether the site is still there.
  firefox.complaints = firefox.complaints.filter(text => !/NetworkError|service-worker/.test(text));
});
