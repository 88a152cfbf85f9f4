// What www/hosting.md tells hosts to send: read from there, sent so, and the site works under it.

import { createServer } from 'node:http';
import { readFile, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { expect, test } from './fixtures.mjs';
import { PATIENT, button, shownTime } from './parts.mjs';
import { DIST, TYPES, serve } from './serve.mjs';

const GUIDE = await readFile(new URL('../../www/hosting.md', import.meta.url), 'utf8');
const LAB = 'lab=load-balancing/one-slow-server';

/** A section's text, and its only block of code. */
function section(name) {
  const text = GUIDE.split(`\n## ${name}\n`)[1].split('\n## ')[0];
  return { text, code: text.split(/\n```\w*\n/)[1] };
}

const lower = pairs => Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
/** `name "value"` in every line that begins with the word. */
const settings = (code, word) => lower([...code.matchAll(new RegExp(`^\\s*${word} (\\S+) "?([^";\n]+)"?;?`, 'gm'))].map(([, name, value]) => [name, value]));

function nginx() {
  const { code } = section('nginx');
  const [, prefix] = /^location (\S+) \{/.exec(code);
  const types = Object.fromEntries([...code.split('types {')[1].split('}')[0].matchAll(/(\S+\/\S+) (\w+);/g)].map(([, type, ending]) => [`.${ending}`, type]));
  const [, pattern] = /if \(\$uri ~ "(.*)"\)/.exec(code);
  const [usual, long] = [...code.matchAll(/set \$keep "([^"]*)"/g)].map(([, value]) => value);
  const added = settings(code, 'add_header');
  const keep = file => (new RegExp(pattern).test(prefix + file) ? long : usual);
  expect(added['cache-control']).toBe('$keep');
  expect(code).toContain('gzip_static on;');
  return { prefix, types, twins: { gz: 'gzip' }, headers: file => ({ ...added, 'cache-control': keep(file) }) };
}

function apache() {
  const { code } = section('Apache');
  const added = [...code.matchAll(/^AddType (\S+) (\S+)$/gm)].map(([, type, ending]) => [ending, type]);
  const [before, inside] = code.split('<If ');
  const [, pattern] = /=~ m#(.*)#"/.exec(inside);
  const always = settings(before, 'Header set');
  const [sometimes] = [settings(inside.split('</If>')[0], 'Header set')];
  const [, deflated] = /AddOutputFilterByType DEFLATE (.*)/.exec(code);
  const prefix = '/switchyard/';
  return {
    prefix,
    types: { ...TYPES, '.wasm': undefined, '.md': undefined, ...Object.fromEntries(added) },
    twins: {},
    squeezes: type => deflated.split(' ').includes(type),
    headers: file => ({ ...always, ...(new RegExp(pattern).test(prefix + file) && sometimes) }),
  };
}

/** `_headers`: all rules that fit. */
function rules() {
  const found = [];
  for (const line of section('Netlify, Cloudflare Pages').code.split('\n').filter(Boolean)) {
    const [, name, value] = /^\s+([\w-]+): (.+)$/.exec(line) ?? [];
    if (name) found.at(-1).headers.push([name, value]);
    else found.push({ prefix: line.replace(/\*$/, ''), headers: [] });
  }
  const headers = file => {
    const fitting = found.filter(({ prefix }) => `/${file}`.startsWith(prefix)).flatMap(rule => rule.headers);
    // Where two rules set the same header, these hosts send both values.
    expect(new Set(fitting.map(([name]) => name)).size).toBe(fitting.length);
    return { 'cache-control': 'public, max-age=0, must-revalidate', ...lower(fitting) };
  };
  return { prefix: '/', headers };
}

function githubPages() {
  const { text } = section('GitHub Pages');
  const [, name, value] = /`([\w-]+): (\S+)`/.exec(text);
  expect(text).toContain('ten minutes of caching');
  return { prefix: '/switchyard/', twins: {}, squeezes: () => true, headers: () => ({ [name.toLowerCase()]: value, 'cache-control': 'max-age=600' }) };
}

function bucket() {
  const { text, code } = section('S3 and the like');
  /** As `aws s3` reads filters: the last that fits holds. */
  const uploads = code.trim().split('\n').map(line => {
    const option = name => new RegExp(`--${name} (\\S+)`).exec(line)?.[1];
    const filters = [...line.matchAll(/--(exclude|include) '?([^' ]+)'?/g)].map(([, kind, glob]) => ({
      takes: kind === 'include', fits: new RegExp(`^${glob.replace(/[.]/g, '\\.').replace(/\*/g, '.*')}$`),
    }));
    const single = / cp dist\/(\S+)/.exec(line)?.[1];
    const takes = file => (single ? file === single : filters.reduce((taken, filter) => (filter.fits.test(file) ? filter.takes : taken), true));
    return { takes, keep: option('cache-control'), type: option('content-type') };
  });
  const of = file => uploads.findLast(({ takes }) => takes(file));
  const [, origins] = /AllowedOrigins: \["(.*?)"\]/.exec(text);
  const cdn = Object.fromEntries(['Cross-Origin-Embedder-Policy', 'Cross-Origin-Resource-Policy'].map(name => [name.toLowerCase(), new RegExp(`${name}: ([\\w-]+)`).exec(GUIDE)[1]]));
  return {
    prefix: '/switchyard/',
    twins: {},
    uploads: of,
    headers: (file, { origin } = {}) => ({
      ...(of(file)?.type && { 'content-type': of(file).type }),
      ...(of(file)?.keep && { 'cache-control': of(file).keep }),
      ...(origin && { 'access-control-allow-origin': origins }),
      ...cdn,
    }),
  };
}

const HOSTS = {
  nginx: nginx(),
  Apache: apache(),
  Netlify: rules(),
  // Its redirects to addresses without `.html` may lack the headers.
  'Cloudflare Pages, which leaves .html out': { ...rules(), bare: true, isolates: false },
  'GitHub Pages': { ...githubPages(), isolates: false },
  'a bucket behind a CDN': bucket(),
};

/** Every file of the site but the compressed twins. */
async function files() {
  const all = await readdir(DIST, { recursive: true });
  const isFile = await Promise.all(all.map(async name => !/\.(br|gz)$/.test(name) && (await stat(join(DIST, name))).isFile()));
  return all.filter((_, at) => isFile[at]);
}

/** A name that changes with what is in the file. */
const HASHED = /-[0-9a-f]{8,16}(_bg)?\.(js|css|wasm|svg)$|(^|\/)labs-[0-9a-f]{16}\//;

for (const [name, host] of Object.entries(HOSTS)) {
  test.describe(name, () => {
    test.use({ serviceWorkers: 'allow', allowed: [/^off-site: http:..(127|localhost)|ERR_CONNECTION_REFUSED|fetching the script/] });
    test.beforeEach(() => test.slow());
    let site;
    test.beforeAll(async () => { site = await serve({ prefix: host.prefix, host }); });
    test.afterAll(() => site.stop());

    test('what is kept for long has a hash in its name, and what browsers ask for has the right type', async () => {
      const [all, types] = [await files(), { ...TYPES, ...host.types }];
      expect(all.length).toBeGreaterThan(300);
      let kept = 0;
      for (const file of all) {
        const headers = { 'content-type': types[extname(file)], ...host.headers(file, { origin: 'null' }) };
        const isLong = /immutable|max-age=\d{5,}/.test(headers['cache-control']);
        if (isLong) expect(file).toMatch(HASHED);
        if (/(^|\/)(index|embed)\.html$|service-worker\.js$|embed\.js$/.test(file)) expect(headers['cache-control'], file).toMatch(/no-cache|max-age=(0|600)\b/);
        if (file.endsWith('.wasm')) expect(headers['content-type'], file).toBe('application/wasm');
        expect(headers['access-control-allow-origin'], file).toBe('*');
        if (host.uploads) expect(host.uploads(file), `${file} is uploaded`).toBeDefined();
        kept += isLong;
      }
      // What makes most of a visit: these hosts keep every name with a hash, the others few or none.
      if (['nginx', 'Apache'].includes(name)) expect(kept).toBe(all.filter(file => HASHED.test(file)).length);
    });

    test('the page runs, and without a network too', async ({ page }) => {
      const { address, stop } = await serve({ prefix: host.prefix, host });
      await page.goto(`${address}?${LAB}`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('One slow server', PATIENT);
      const before = await shownTime(page);
      await button(page, 'Play').click();
      await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(before);
      await page.getByRole('radio', { name: 'Two choices' }).check({ force: true });
      await expect.poll(() => page.url(), PATIENT).toContain('#s1.');
      await page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => new Promise(resolve => {
        if (active.state === 'activated') resolve();
        active.addEventListener('statechange', resolve, { once: true });
      })));
      await stop();
      await page.goto(`${address}?lab=caching/eviction-race`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Eviction race on one stream', PATIENT);
      expect(page.url()).toContain('/all/');
      await page.goto(`${address}embed.html?${LAB}`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('One slow server', PATIENT);
    });

    const around = host.isolates === false ? {} : { 'cross-origin-embedder-policy': 'require-corp' };
    test('a frame in a sandbox, and the element, on a page of another site', async ({ page }) => {
      const course = createServer((_, response) => {
        const html = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Course</title>'
          + `<script type="module" src="${site.address}embed.js"></script>`
          + `<iframe title="Lab" sandbox="allow-scripts" width="900" height="600" src="${site.address}embed.html?${LAB}"></iframe>`
          + '<switchyard-lab lab="caching/eviction-race" height="480"></switchyard-lab>';
        response.writeHead(200, { 'content-type': 'text/html', ...around }).end(html);
      });
      await new Promise(resolve => course.listen(0, '127.0.0.1', resolve));
      await page.goto(`http://localhost:${course.address().port}/`);
      for (const frame of [page.frameLocator('iframe[title=Lab]'), page.frameLocator('switchyard-lab iframe')]) {
        await frame.getByRole('button', { name: /Start/ }).click(PATIENT);
        await expect(frame.getByRole('button', { name: 'Pause', exact: true })).toBeVisible(PATIENT);
      }
      expect(await page.evaluate(() => document.querySelector('switchyard-lab').request('get').then(({ scenario }) => scenario.title))).toBe('Eviction race on one stream');
      course.close();
    });
  });
}
