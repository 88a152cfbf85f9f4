// Addresses: what a link or a parameter asks for is shown, or it is said that it cannot be.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { HOSTILE, timed } from './hostile.mjs';
import { fragment, pack } from './link.mjs';
import { load } from './module.mjs';
import { PATIENT, button, shownTime } from './parts.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const MINE = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/unequal-servers.json', import.meta.url), 'utf8'));
MINE.title = 'Mine';
const LINK = fragment(MINE);

const title = page => page.getByRole('heading', { level: 1 });
const broken = page => page.getByRole('heading', { name: 'This link cannot be opened' });

test.beforeEach(() => test.slow());

test('hosts may escape a link twice and append to it @phone', async ({ page, baseURL }) => {
  for (const hash of [
    LINK,
    `${LINK}#?secret=q1YqU7`,
    `${LINK}:~:text=servers`,
    `${LINK}&utm_source=mail`,
    LINK.replaceAll('.', '%2E'),
    LINK.replaceAll('.', '%252E'),
  ]) {
    await page.goto('about:blank');
    await page.goto(`${baseURL}${hash}`);
    await expect(title(page), hash).toHaveText('Mine', PATIENT);
  }
});

test('what hosts append to an address without a link is ignored', async ({ page, baseURL }) => {
  for (const hash of ['#?secret=q1YqU7', '#:~:text=servers', '#main', '#&utm_source=mail']) {
    await page.goto('about:blank');
    await page.goto(`${baseURL}${LAB}${hash}`);
    await expect(title(page), hash).toHaveText('One slow server', PATIENT);
    await expect(page.getByRole('alert')).toBeEmpty();
  }
});

/** Clients and a server: a link of few characters. */
const SMALL = {
  v: 1, title: 'Small', seed: 1, duration_ms: 9000,
  nodes: [{ id: 'clients', kind: 'clients', to: ['servers'] }, { id: 'servers', kind: 'servers' }],
};

test('what somebody made, on a phone: no tab is empty', async ({ page, baseURL }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${baseURL}${LINK}`);
  await expect(title(page)).toHaveText('Mine', PATIENT);
  const tabs = await page.getByRole('tab').all();
  expect(tabs.length).toBeGreaterThan(1);
  for (const tab of tabs) {
    await tab.click();
    await expect(page.getByRole('tabpanel')).toContainText(/\w/);
  }
});

test('a link that lost or changed any one of its characters shows the error page, never a lab', async ({ page }) => {
  test.setTimeout(240_000);
  const link = fragment(SMALL);
  const places = [...Array(link.length).keys()].slice(1);
  const damaged = places.flatMap(at => [link.slice(0, at) + link.slice(at + 1), `${link.slice(0, at)}${link[at] === 'x' ? 'y' : 'x'}${link.slice(at + 1)}`]);
  await page.goto('');
  await title(page).waitFor();
  const { shown, whole } = await page.evaluate(async ([damaged, link]) => {
    /** What is on the page once another fragment is in its address. Browsers ignore more than 20 of these a second. */
    const open = async hash => {
      const came = new Promise(resolve => addEventListener('popstate', resolve, { once: true }));
      location.hash = hash;
      await came;
      await new Promise(resolve => setTimeout(resolve, 60));
      if (document.querySelector('.stage-panel')) return 'a lab';
      return document.querySelector('.broken h1')?.textContent ?? 'something else';
    };
    const shown = {};
    for (const hash of damaged) (shown[await open(hash)] ??= []).push(hash);
    // What is seen so soon is all that comes: a whole link is a lab by then, or is on its way.
    await open(link);
    const whole = await new Promise(resolve => {
      const look = () => (document.querySelector('.stage-panel') ? resolve('a lab') : setTimeout(look, 50));
      look();
    });
    return { shown, whole };
  }, [damaged, link]);
  expect(Object.keys(shown)).toEqual(['This link cannot be opened']);
  expect(shown['This link cannot be opened'].length).toBe(2 * (link.length - 1));
  expect(whole).toBe('a lab');
});

/** Numbers from 0 to below 1, the same in every run (Park and Miller, 1988). */
function random(seed) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

test('random scenarios come back whole in the link that the page shares', async ({ page }) => {
  test.setTimeout(240_000);
  const { labs, Scenario } = await load();
  const [all, draw] = [labs(), random(2026)];
  const pick = list => list[Math.floor(draw() * list.length)];
  const name = () => Array.from({ length: 1 + Math.floor(draw() * 12) }, () => pick([...'aZ09 "\\/<&%#.é中\u202e🦀'])).join('').trim() || '-';
  for (let tried = 0; tried < 10; tried++) {
    const { scenario } = pick(all);
    const nodes = scenario.nodes.map(node => (draw() < 0.5 ? node : { ...node, name: name() }));
    const clients = nodes.find(({ kind }) => kind === 'clients').id;
    const changes = Array.from({ length: Math.floor(draw() * 8) }, () => ({ at_ms: draw() * 1000, node: clients, set: { timeout_ms: 1 + Math.floor(draw() * 1e6) / 7 } }));
    const made = { ...scenario, title: name(), seed: Math.floor(draw() * 2 ** 53), nodes, changes: [...scenario.changes ?? [], ...changes].sort((a, b) => a.at_ms - b.at_ms) };
    const expected = Scenario.check(made).toJSON();
    await page.goto('about:blank');
    await page.goto(fragment(made));
    await button(page, 'Share link').click(PATIENT);
    const link = await page.getByLabel('Link', { exact: true }).inputValue(PATIENT);
    expect(Scenario.fromLink(link).toJSON(), `${scenario.title}, ${tried}`).toEqual(expected);
  }
});

test('the error page says what is wrong and leads on @phone', async ({ page, baseURL }) => {
  await page.goto(`${LAB}${LINK.slice(0, -4)}`);
  await expect(broken(page)).toBeVisible();
  await expect(page.getByRole('main')).toContainText('its end is missing');
  await axe(page);
  await page.getByRole('link', { name: 'Open the lab as it was made' }).click();
  await expect(title(page)).toHaveText('One slow server', PATIENT);
  await page.goBack();
  await expect(broken(page)).toBeVisible();
  await page.getByRole('link', { name: 'Start page' }).click();
  await expect(page).toHaveURL(baseURL);
});

test('a newer version says so and offers what is in it', async ({ page }) => {
  await page.goto(fragment({ ...MINE, v: 99 }));
  await expect(page.getByRole('main')).toContainText('made by a newer version (99');
  await page.getByText('What is in it').click();
  await expect(page.getByRole('textbox', { name: 'What is in it' })).toHaveValue(/"v":99/);
  await page.goto('about:blank');
  await page.goto(LINK.replace('#s1.', '#s2.'));
  await expect(page.getByRole('main')).toContainText('made by a newer version');
});

test.describe('hostile links', () => {
  /** The program's memory may grow by so much: the largest text, as a tree of its smallest parts. */
  const GROWS_MAX = 8 << 20;

  // The program's memory, wherever it is instantiated.
  test.beforeEach(({ page }) => page.addInitScript(() => {
    for (const name of ['instantiate', 'instantiateStreaming']) {
      const make = WebAssembly[name];
      WebAssembly[name] = async (...given) => {
        const made = await make.apply(WebAssembly, given);
        globalThis.memory = (made.instance ?? made).exports.memory;
        return made;
      };
    }
  }));

  for (const [what, make] of Object.entries(HOSTILE)) {
    test(`${what}: refused at once, without a call, and the page goes on`, async ({ page }) => {
      const hash = make();
      // What the browser itself needs for an address of that length: a page of no scripts, and a fragment that asks for nothing.
      await page.goto('examples/index.html');
      const own = await page.evaluate(timed, [`#&x=${'A'.repeat(hash.length - 4)}`, 'body']);
      await page.goto('', { waitUntil: 'networkidle' });
      await title(page).waitFor();
      await page.waitForFunction(() => __late.linked);
      const calls = [];
      // Browsers fetch the icon whenever they like.
      page.on('request', request => /\/icon-\w+\.svg$/.test(request.url()) || calls.push(request.url()));
      const before = await page.evaluate(() => memory.buffer.byteLength);
      const ms = await page.evaluate(timed, [hash, '.broken']);
      const grown = await page.evaluate(() => memory.buffer.byteLength) - before;
      // Times are measured by `cargo xtask bench`; here they are only shown.
      console.log(`${what}: refused after ${ms.toFixed(0)} ms, ${own.toFixed(0)} of them the browser's own; memory grew by ${grown >> 10} KiB`);
      expect(grown).toBeLessThan(hash.length > 16_384 ? 256 << 10 : GROWS_MAX);
      expect(calls).toEqual([]);
      await page.getByRole('link', { name: 'Start page' }).click();
      await expect(title(page)).not.toHaveText(/cannot be opened/);
      // And as the address that the page is opened with.
      await page.goto('about:blank');
      await page.goto(hash);
      await expect(broken(page)).toBeVisible(PATIENT);
    });
  }

  test('markup and marks of direction in names are text', async ({ page }) => {
    const name = '<img src=x onerror=globalThis.owned=1>\u202egnp.exe';
    const scenario = structuredClone(MINE);
    scenario.title = name;
    scenario.nodes[1].name = name;
    await page.goto(fragment(scenario));
    await expect(page.locator('h1#title, .broken h1')).toBeVisible(PATIENT);
    expect(await page.evaluate(() => globalThis.owned)).toBeUndefined();
    await expect(page.locator('img')).toHaveCount(0);
  });
});

test.describe('src=', () => {
  test.use({ allowed: [/scenarios\.example|Failed to load/] });
  const address = 'https://scenarios.example/mine.json';
  const give = (page, body, headers = { 'access-control-allow-origin': '*' }) =>
    page.route('https://scenarios.example/**', route => route.fulfill({ contentType: 'application/json', headers, body }));

  test('a scenario from elsewhere runs, and its host is named', async ({ page }) => {
    await give(page, JSON.stringify(MINE));
    await page.goto(`${LAB}&src=${address}`);
    await expect(title(page)).toHaveText('Mine', PATIENT);
    await expect(page.getByRole('alert')).toContainText('scenarios.example');
    // Soon the address holds it, and the lab by its name is no longer what is meant.
    await expect.poll(() => page.url(), PATIENT).toContain('#s1.');
    await page.reload();
    await expect(title(page)).toHaveText('Mine', PATIENT);
  });

  test('settings and seed come after it', async ({ page }) => {
    await give(page, JSON.stringify(MINE));
    await page.goto(`?src=${address}&p.lb.policy=two-choices&seed=77`);
    await expect(page.getByRole('radio', { name: 'Two choices' })).toBeChecked(PATIENT);
    await expect(page.getByText('Seed 77')).toBeVisible();
  });

  test('a fragment comes before it, and nothing is fetched', async ({ page }) => {
    let fetched = 0;
    await page.route('https://scenarios.example/**', route => { fetched += 1; return route.abort(); });
    await page.goto(`?src=${address}${LINK}`);
    await expect(title(page)).toHaveText('Mine', PATIENT);
    expect(fetched).toBe(0);
  });

  for (const [what, body, headers, said] of [
    ['too large', JSON.stringify({ ...MINE, title: 'x'.repeat(70_000) }), undefined, 'larger than 64 KiB'],
    ['no scenario', '{"v":1,"nodes":7}', undefined, 'cannot run'],
    ['without leave', '{}', { 'access-control-allow-origin': 'https://other.example' }, 'could not be fetched'],
  ]) {
    test(`${what}: the error page`, async ({ page }) => {
      await give(page, body, headers);
      await page.goto(`${LAB}&src=${address}`);
      await expect(page.getByRole('heading', { name: 'This scenario cannot be opened' })).toBeVisible(PATIENT);
      await expect(page.getByRole('main')).toContainText(said);
    });
  }

  for (const bad of ['javascript:alert(1)', 'data:application/json,{}', 'http://scenarios.example/a.json', 'https://localhost/a.json',
    'https://127.0.0.1/a.json', 'https://[::1]/a.json', 'https://0x7f.1/a.json', 'https://printer.local/a.json', 'https://me:you@scenarios.example/a.json', 'https://intranet/a']) {
    test(`${bad} is refused without a call`, async ({ page, baseURL }) => {
      const calls = [];
      page.on('request', request => { if (!request.url().startsWith(baseURL)) calls.push(request.url()); });
      await page.goto(`?src=${encodeURIComponent(bad)}`);
      await expect(page.getByRole('heading', { name: 'This scenario cannot be opened' })).toBeVisible(PATIENT);
      expect(calls).toEqual([]);
    });
  }
});

test('each parameter that is no good is named, and its default holds', async ({ page }) => {
  await page.goto(`${LAB}&seed=-1&speed=fast&edit=all&unknown=7`);
  await expect(page.getByRole('alert')).toContainText('“seed=-1”', PATIENT);
  await expect(page.getByRole('alert')).toContainText('“speed=fast”');
  await expect(page.getByRole('alert')).toContainText('“edit=all”: full or knobs or none is wanted');
  await expect(page.getByRole('alert')).not.toContainText('unknown');
  await expect(page.getByRole('alert').getByRole('listitem')).toHaveCount(3);
  await expect(title(page)).toHaveText('One slow server');
  await page.goto(`${LAB}&show=stage,teapot&theme=pink&lang=de&height=9`);
  for (const said of ['teapot', 'pink', 'lang=de', 'height=9']) await expect(page.getByRole('alert')).toContainText(said);
  await expect(button(page, 'Share link')).toBeVisible();
});

test('the good ones are kept while the address follows the run', async ({ page }) => {
  await page.goto(`${LAB}&seed=9&speed=2&edit=knobs&motion=reduced&theme=dark&lang=en-GB`);
  await expect(page.locator('html')).toHaveAttribute('data-motion', 'reduced', PATIENT);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(button(page, 'Open file')).toHaveCount(0);
  await expect(page.getByText('All settings')).toHaveCount(0);
  await expect.poll(() => page.url(), PATIENT).toContain('#s1.');
  for (const kept of ['speed=2', 'edit=knobs', 'motion=reduced', 'theme=dark', 'lang=en-GB']) expect(page.url()).toContain(kept);
  await page.goto(`${LAB}&edit=none&start=auto`);
  await expect(button(page, 'Pause')).toBeVisible(PATIENT);
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(0.6);
  await expect(page.getByRole('tab', { name: 'Controls' })).toHaveCount(0);
});
