// Without a network: the site is kept by its service worker, one version at a time.

import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from './fixtures.mjs';
import { PATIENT, button, labIds, shownTime } from './parts.mjs';
import { DIST, serve } from './serve.mjs';

// Sites of these tests' own, at other ports, that go away.
test.use({ serviceWorkers: 'allow', allowed: [/^off-site: http:..127|Failed to load resource|fetching the script/] });
test.beforeEach(() => test.setTimeout(180_000));

const title = page => page.getByRole('heading', { level: 1 });
const HOME = 'See what every request goes through';

/** Waits until all is kept. */
const kept = page => page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => new Promise(resolve => {
  if (active.state === 'activated') resolve();
  active.addEventListener('statechange', resolve, { once: true });
})));

/** The versions that the browser holds. */
const versions = page => page.evaluate(() => caches.keys());

test('loaded once, the site opens every lab without a network, on both pages', async ({ page }) => {
  const site = await serve();
  await page.goto(site.address);
  await kept(page);
  await site.stop();

  await page.reload();
  await expect(title(page)).toHaveText(HOME, PATIENT);
  await page.goto(`${site.address}?lab=load-balancing/one-slow-server&seed=9#?secret=q1YqU7`);
  await expect(title(page)).toHaveText('One slow server', PATIENT);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(0.8);
  await page.goto(`${site.address}index.html?lab=caching/eviction-race`);
  await expect(title(page)).toHaveText('Eviction race on one stream', PATIENT);
  expect(page.url()).toContain('/all/');

  // All pictures, then lab after lab on the page that has everything.
  await page.goto(`${site.address}all/`);
  await expect(title(page)).toHaveText(HOME, PATIENT);
  const links = page.locator('.gallery h3 a');
  const [names, addresses] = [await links.allTextContents(), await links.evaluateAll(found => found.map(link => link.search))];
  expect(addresses.map(address => address.replace(/^\?lab=/, '')).sort()).toEqual(await labIds());
  const pictures = await page.locator('.gallery img').evaluateAll(found => Promise.all(found.map(async image => {
    image.loading = 'eager';
    await image.decode();
    return image.naturalWidth;
  })));
  expect(pictures.filter(width => width > 0).length).toBe(names.length);
  for (const [at, name] of names.entries()) {
    await page.evaluate(address => {
      history.pushState(null, '', location.pathname + address);
      dispatchEvent(new PopStateEvent('popstate'));
    }, addresses[at]);
    await expect(title(page)).toHaveText(name, PATIENT);
    await expect(button(page, 'Play'), name).toBeVisible(PATIENT);
  }
});

/** A copy of the site in a folder of its own, with few labs. */
async function copy() {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-'));
  const wanted = file => !/\.(br|gz)$|labs-\w+.(?!load-balancing)\w/.test(file);
  await cp(DIST, folder, { recursive: true, filter: wanted });
  await relist(folder, 'zero', files => Object.keys(files).filter(file => !wanted(file)).forEach(file => delete files[file]));
  return folder;
}

/** Writes the worker's list anew, as `edit` leaves it, and a name for this version. */
async function relist(folder, mark, edit) {
  const worker = join(folder, 'service-worker.js');
  const [, listed, ...rest] = (await readFile(worker, 'utf8')).split('\n');
  const files = JSON.parse(listed.slice('const FILES = '.length, -1));
  await edit(files);
  await writeFile(worker, [`const VERSION = '${mark}';`, `const FILES = ${JSON.stringify(files)};`, ...rest].join('\n'));
}

/** Makes another version of it: other pages, with files of other names. Its list of files is made apart from the build. */
const change = (folder, mark) => relist(folder, mark, async files => {
  const digest = content => createHash('sha256').update(content).digest('base64');
  for (const path of ['', 'all/']) {
    const file = join(folder, path, 'index.html');
    let html = (await readFile(file, 'utf8')).replace(/<title>.*<\/title>/, `<title>${mark}</title>`);
    const [name] = /source-\w+\.js/.exec(html);
    const plain = (await readFile(join(folder, path, name), 'utf8')).replace(/\nexport const version = .*\n$/, '');
    const content = `${plain}\nexport const version = '${mark}';\n`;
    await rm(join(folder, path, name));
    delete files[path + name];
    html = html.replace(name, `source-${mark}.js`);
    await writeFile(join(folder, path, `source-${mark}.js`), content);
    await writeFile(file, html);
    files[`${path}source-${mark}.js`] = digest(content);
    files[path] = digest(html);
  }
});

/** What the page is, and what it loads now, with whether its files belong to it. */
const shown = page => page.evaluate(async () => [document.title, (await __later('source')).version]);
/** The browser asks for the next version, as it does after each visit, and has taken or refused it. */
const looked = page => page.evaluate(async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration.update().catch(() => {});
  const coming = registration.installing;
  if (coming) await new Promise(resolve => coming.addEventListener('statechange', () => /activated|redundant/.test(coming.state) && resolve()));
});

test('a new version is taken whole, at the next load; pages that are open keep theirs', async ({ page, context }) => {
  const folder = await copy();
  await change(folder, 'one');
  const site = await serve({ folder });
  await page.goto(site.address);
  await kept(page);
  await page.reload();
  await expect(title(page)).toHaveText(HOME, PATIENT);
  await expect.poll(() => page.title()).toMatch(/Switchyard|one/);

  // Half of an update: the list names what the host does not have yet. Nothing of it is taken.
  const before = await readFile(join(folder, 'index.html'));
  await change(folder, 'two');
  const after = await readFile(join(folder, 'index.html'));
  await writeFile(join(folder, 'index.html'), before);
  await looked(page);
  await page.reload();
  expect(await shown(page)).toEqual([expect.anything(), 'one']);
  // The load has made the browser look again: that attempt fails, too.
  await expect.poll(() => versions(page), PATIENT).toEqual([expect.stringMatching(/ one$/)]);

  await writeFile(join(folder, 'index.html'), after);
  await looked(page);
  // The page that is open has not asked for its later script since it was loaded, and the host has it no more.
  const script = await page.evaluate(() => document.querySelector('meta[name="later:source"]').content);
  expect(script).toBe('source-one.js');
  expect(await page.evaluate(() => fetch('source-one.js').then(({ status }) => status))).toBe(200);
  const other = await context.newPage();
  await other.goto(site.address);
  expect((await shown(other))[1]).toBe('two');
  await page.reload();
  expect((await shown(page))[1]).toBe('two');
  await other.goto(`${site.address}all/`);
  expect((await shown(other))[1]).toBe('two');

  await change(folder, 'three');
  await looked(page);
  expect(await versions(page)).toEqual([expect.stringMatching(/ two$/), expect.stringMatching(/ three$/)]);
  await site.stop();
  await rm(folder, { recursive: true });
});

test('a site that is gone from its address hides nothing that comes after it', async ({ page }) => {
  const folder = await copy();
  const site = await serve({ folder });
  await page.goto(site.address);
  await kept(page);
  await rm(join(folder, 'service-worker.js'));
  await writeFile(join(folder, 'index.html'), '<!DOCTYPE html><title>Another</title><h1>Another site</h1>');
  await page.reload();
  await expect.poll(() => versions(page), PATIENT).toEqual([]);
  await page.reload();
  await expect(title(page)).toHaveText('Another site');
  await site.stop();
  await rm(folder, { recursive: true });
});

test('frames keep nothing, on the site\'s own pages neither', async ({ page, baseURL }) => {
  const registered = () => page.evaluate(() => navigator.serviceWorker.getRegistrations().then(all => all.length));
  await page.goto(`${baseURL}embed.html?lab=load-balancing/one-slow-server`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible(PATIENT);
  await page.waitForTimeout(3000);
  expect(await registered()).toBe(0);
  await page.goto(`${baseURL}examples/book.html`);
  await page.evaluate(() => document.querySelector('iframe').src = '../index.html');
  await expect(page.frameLocator('iframe').getByRole('heading', { level: 1 })).toHaveText(HOME, PATIENT);
  await page.waitForTimeout(3000);
  expect(await registered()).toBe(0);
});

test.describe('opened as a file', () => {
  test.use({ allowed: [/^off-site: file|CORS policy|Failed to load resource/] });

  test('the page says that it needs a web server', async ({ page }) => {
    await page.goto(pathToFileURL(join(DIST, 'index.html')).href);
    await expect(page.getByRole('heading', { name: 'Switchyard needs a web server' })).toBeVisible();
    await expect(page.getByRole('main')).toContainText('python3 -m http.server');
  });
});
