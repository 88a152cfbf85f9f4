// The main path, the embed and the offline site in Firefox. What is special to no browser is tested in Chromium.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { expect, test as base } from '@playwright/test';
import { executablePath, start } from './bidi.mjs';
import { fragment } from './link.mjs';
import { OPEN, serve } from './serve.mjs';

/** A slow start on a machine that does other things too. */
const PATIENT = { timeout: 30_000 };
const LAB = 'lab=load-balancing/one-slow-server';
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
