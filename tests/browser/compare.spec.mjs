// Compare, many seeds and sweeps, on the page as it is served: worker, policy and all.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { fragment } from './link.mjs';
import { PATIENT, button, moment, shownTime } from './parts.mjs';

const LAB = '?lab=load-balancing/one-slow-server';

/** The lab's scenario without the variants that it comes with. */
const { variants, ...scenario } = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/one-slow-server.json', import.meta.url)));
const PLAIN = fragment(scenario);

const figures = page => page.getByRole('group', { name: 'Figures of each variant' });
const tab = (page, name) => page.getByRole('tab', { name, exact: true });
const number = text => parseFloat(text.replace('−', '-').replace(/[^\d.-]/g, ''));

/** From the scenario, by its button; the copy gets another policy. */
async function compare(page) {
  await page.goto(PLAIN);
  await button(page, 'Compare').click(PATIENT);
  await page.getByLabel('Vary in Changed').selectOption('lb.policy');
  await page.getByRole('region', { name: 'Variant Changed' }).getByRole('radio', { name: 'Least conn.' }).check({ force: true });
  await expect(page.getByRole('region', { name: 'What changed' })).toContainText('Least connections', PATIENT);
}

/** To half of the run. */
async function half(page) {
  await moment(page).fill('2000');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(14.9);
  await expect(figures(page)).toContainText('t = 15.0', PATIENT);
}

test.beforeEach(() => test.slow());

test('two variants at the same moment with different figures, and a link opens the same @phone', async ({ page }) => {
  await compare(page);
  await half(page);
  await expect(page.locator('.variant-stage')).toHaveCount(2);
  const p99 = await figures(page).getByRole('row', { name: /^p99/ }).getByRole('cell').allTextContents();
  expect(number(p99[0])).toBeGreaterThan(1.5 * number(p99[1].split('ms')[0]));
  await axe(page);

  const table = await figures(page).textContent();
  await button(page, 'Share link').click();
  await page.getByLabel(/Begin at this moment/).check();
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  expect(link).toContain('view=compare');
  await page.goto('about:blank');
  await page.goto(link);
  await expect(figures(page)).toHaveText(table, PATIENT);

  await page.getByRole('link', { name: 'Back to the lab' }).click();
  await expect(button(page, 'Compare')).toBeVisible(PATIENT);
});

test('the comparison comes, also where the address follows the run on the way there', async ({ page }) => {
  await page.goto(LAB);
  await expect(button(page, 'Compare')).toBeVisible(PATIENT);
  // A quarter of a second after a setting was turned the address follows; what is on its way takes longer.
  await page.route(/one-slow-server\.(md|json)$/, async route => {
    await new Promise(resolve => setTimeout(resolve, 800));
    await route.continue();
  });
  await button(page, 'New seed').click();
  await button(page, 'Compare').click();
  await expect(page.locator('.variant-stage')).toHaveCount(variants.length, PATIENT);
});

test('a lab comes with variants, and the figures tell what its nodes count', async ({ page }) => {
  await page.goto('?lab=consistency/strong-or-eventual&view=compare');
  await moment(page).fill('2000');
  await expect(figures(page)).toContainText('t = 20.0', PATIENT);
  await expect(figures(page).getByRole('row', { name: /^Stale reads/ })).toBeVisible();
  await expect(figures(page).getByRole('row', { name: /^Hints kept/ })).toHaveCount(0);
});

test('variants are what they are called, also after changes in the lab', async ({ page }) => {
  const p99 = () => figures(page).getByRole('row', { name: /^p99/ }).getByRole('cell').allTextContents();
  await page.goto(`all/${LAB}&view=compare`);
  await expect(figures(page)).toBeVisible(PATIENT);
  await half(page);
  const before = await p99();

  await page.goto(LAB);
  await page.getByRole('radio', { name: 'Peak EWMA', exact: true }).check({ force: true });
  await button(page, 'Compare').click(PATIENT);
  await expect(figures(page)).toBeVisible(PATIENT);
  await half(page);
  expect(await p99()).toEqual(before);
});

test('variants come, are renamed and go, and back without any is the scenario as it was', async ({ page }) => {
  await page.goto(PLAIN);
  await button(page, 'Compare').click(PATIENT);
  await button(page, 'Add a variant').click();
  await expect(page.locator('.variant-stage')).toHaveCount(3);
  await page.getByLabel('Name of variant 3').fill('Third');
  await page.getByLabel('Name of variant 3').press('Enter');
  await expect(page.getByRole('heading', { name: 'Third' })).toBeVisible();
  await button(page, 'Remove Third').click();
  await expect(page.locator('.variant-stage')).toHaveCount(2);
  await expect(page.getByRole('region', { name: 'What changed' })).toContainText('all are the same run');
  await page.getByRole('link', { name: 'Back to the lab' }).click();
  await expect(button(page, 'Compare')).toBeVisible(PATIENT);
  expect(page.url()).not.toContain('view=compare');
});

test('what changed names every setting of a policy that is otherwise', async ({ page }) => {
  await page.goto('?lab=rate-limiting/fair-per-client&view=compare&t=20000');
  const changed = page.getByRole('region', { name: 'What changed' });
  await expect(changed).toContainText('Token bucket · Capacity 40 · Rate 40', PATIENT);
  await expect(changed).toContainText('Token bucket · Capacity 10 · Rate 6');
  // And the table says what becomes of each kind of clients: with a limit for each the quiet ones lose next to nothing.
  const refused = figures(page).getByRole('row', { name: /^Refused · Quiet clients/ });
  const shares = async () => (await refused.getByRole('cell').allTextContents()).map(text => parseFloat(text));
  await expect.poll(async () => (await shares())[0], PATIENT).toBeGreaterThan(20);
  expect((await shares())[1]).toBeLessThan(2);
});

test('the chart of all variants is saved as figures and as a picture', async ({ page }) => {
  await page.goto(`${LAB}&view=compare&t=3000`);
  await expect.poll(() => shownTime(page), PATIENT).toBe(3);
  const saved = async name => {
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
    return readFile(await download.path());
  };
  const [head, ...rows] = (await saved(/^Save p99 latency as CSV$/)).toString().trim().split('\r\n');
  expect(head).toMatch(/^time \(s\),Round robin: p99 latency \(ms\),Least connections: p99 latency \(ms\),/);
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.every(row => row.split(',').length === 5)).toBe(true);
  expect((await saved(/^Save p99 latency, difference as PNG$/)).subarray(1, 4).toString()).toBe('PNG');
});

test('many seeds end with confidence intervals', async ({ page }) => {
  await compare(page);
  await tab(page, 'Many seeds').click();
  await page.getByRole('textbox', { name: 'Seeds' }).fill('4');
  await page.getByRole('textbox', { name: 'Seeds' }).press('Enter');
  await button(page, 'Run').click();
  await expect(page.getByText('All 8 runs are done.')).toBeVisible({ timeout: 60_000 });
  const row = page.getByRole('group', { name: 'Figures over all seeds' }).getByRole('row', { name: /^p99/ });
  await expect(row).toContainText(/\d ± \d.*ms−[\d\s ]+ ± \d.*ms ●/);
  // A row for each run, of which the means above can be worked out again.
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save CSV').click()]);
  const [head, ...lines] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n').map(line => line.split(','));
  expect(head.slice(0, 2)).toEqual(['seed', 'variant']);
  expect(lines).toHaveLength(8);
  const p99 = head.indexOf('p99 latency (ms)');
  const first = lines.filter(line => line[1] === lines[0][1]).map(line => Number(line[p99]));
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  const shown = (await row.getByRole('cell').first().textContent()).replace(/[\s\u202f]/g, '').match(/^[\d.]+/)[0];
  expect(first).toHaveLength(4);
  expect(Math.abs(Number(shown) - mean) / mean).toBeLessThan(0.01);
  await axe(page);
});

test('cancel stops the runs', async ({ page }) => {
  await compare(page);
  await tab(page, 'Many seeds').click();
  await page.getByRole('textbox', { name: 'Seeds' }).fill('1000');
  await page.getByRole('textbox', { name: 'Seeds' }).press('Tab');
  await button(page, 'Run').click();
  await expect(page.getByText(/^[1-9]\d* of 2.000 runs/)).toBeVisible(PATIENT);
  await button(page, 'Cancel').click();
  const said = page.getByText(/^Stopped after/);
  const before = await said.textContent();
  await page.waitForTimeout(600);
  expect(await said.textContent()).toBe(before);
  await expect(button(page, 'Cancel')).toHaveCount(0);
});

test('without workers it runs on the page', async ({ page }) => {
  await page.addInitScript(() => { delete globalThis.Worker; });
  await compare(page);
  await tab(page, 'Many seeds').click();
  await page.getByRole('textbox', { name: 'Seeds' }).fill('2');
  await page.getByRole('textbox', { name: 'Seeds' }).press('Tab');
  await button(page, 'Run').click();
  await expect(page.getByText('All 4 runs are done.')).toBeVisible({ timeout: 60_000 });
});

test('a sweep draws its curves and saves them, by keyboard alone', async ({ page }) => {
  await compare(page);
  await tab(page, 'Side by side').focus();
  await page.keyboard.press('End');
  await expect(tab(page, 'Sweep')).toBeFocused();
  const type = async (name, text) => {
    await page.getByRole('textbox', { name, exact: true }).focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
  };
  await type('Points', '3');
  await type('Seeds', '2');
  await button(page, 'Run').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('All 12 runs are done.')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('img', { name: 'p99 latency over Arrival rate' })).toBeVisible();
  const saved = async name => {
    await button(page, name).focus();
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    return readFile(await download.path());
  };
  const lines = (await saved('Save CSV')).toString().trim().split('\r\n');
  expect(lines[0]).toContain('Arrival rate (req/s)');
  expect(lines).toHaveLength(4);
  expect(lines.slice(1).every(line => line.split(',').slice(0, 8).every(field => Number(field) > 0))).toBe(true);
  expect((await saved('Save PNG')).subarray(1, 4).toString()).toBe('PNG');
  await axe(page);
});

for (const [what, viewport, lab] of [
  ['on a wide screen', { width: 1440, height: 900 }, 'caching/scan'],
  ['on a tablet', { width: 1024, height: 768 }, 'load-balancing/one-slow-server'],
]) {
  test(`${what} stages, legend and figures are seen together`, async ({ page }) => {
    await page.setViewportSize(viewport);
    await page.goto(`?lab=${lab}&view=compare&t=20000`);
    const stages = page.locator('.variant-stage');
    await expect(stages.first()).toBeVisible(PATIENT);
    for (const stage of await stages.all()) {
      await expect(stage).toBeInViewport({ ratio: 0.99 });
      await expect(stage.locator('header p')).toContainText('p99');
      expect((await stage.boundingBox()).width).toBeGreaterThan(viewport.width / 3);
    }
    await expect(page.getByRole('region', { name: 'Transport' })).toBeInViewport({ ratio: 0.99 });
    // Four of them leave room for the charts only on a wide screen; their figures stand beside their names.
    if (viewport.width > 1200) await expect(page.locator('.charts .marks').first()).toBeInViewport({ ratio: 0.99 });
  });
}

test('on a phone each stage is as large as a lab\'s, and the charts are near', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('?lab=caching/scan&view=compare&t=20000');
  const stages = page.locator('.variant-stage .stage');
  await expect(stages.first()).toBeVisible(PATIENT);
  const { width, height } = await stages.first().boundingBox();
  expect(width).toBeGreaterThan(310);
  expect(height).toBeGreaterThan(310);
  // All are beside each other: the charts do not come after four of them.
  expect((await page.locator('.charts').boundingBox()).y).toBeLessThan(844);
  await page.locator('.variant-stage').last().scrollIntoViewIfNeeded();
  await expect(page.locator('.variant-stage').last()).toBeInViewport({ ratio: 0.9 });
  await axe(page);
});

test('groups of clients have their hit ratio, as a figure and as a curve', async ({ page }) => {
  await page.goto('?lab=caching/scan&view=compare&t=20000');
  const row = figures(page).getByRole('row', { name: /^Hit ratio · Users/ });
  await expect(row).toBeVisible(PATIENT);
  // While the report scans, the users' own ratio is far above that of all.
  const cells = async name => (await figures(page).getByRole('row', { name }).getByRole('cell').allTextContents()).map(number);
  const [users] = await cells(/^Hit ratio · Users/);
  const [all] = await cells(/^Hit ratio · Cache/);
  expect(users).toBeGreaterThan(all + 10);
  const menu = page.getByLabel('Figure over time');
  expect(await menu.locator('option').allTextContents()).toEqual(expect.arrayContaining(['Hit ratio', 'Hit ratio · Users', 'Hit ratio · Report']));
  await menu.selectOption({ label: 'Hit ratio · Users' });
  await expect(page.getByRole('img', { name: 'Hit ratio · Users', exact: true })).toBeVisible();
});

test('a sweep begins with what moves the lab\'s figure, and names the theory that is dashed', async ({ page }) => {
  await page.goto('?lab=hash-rings/virtual-points&view=compare');
  await tab(page, 'Sweep').click(PATIENT);
  await expect(page.getByRole('combobox', { name: /^Setting/ })).toHaveValue('cache.partitioner.points');
  await expect(page.getByRole('textbox', { name: 'To', exact: true })).toHaveValue('1000');
  await expect(page.getByRole('combobox', { name: /^Figure/ })).toHaveValue('cache.imbalance');
  await page.goto('?lab=scaling/one-big-or-many-small&view=compare');
  await tab(page, 'Sweep').click(PATIENT);
  for (const [name, value] of [['Points', '2'], ['Seeds', '1']]) {
    await page.getByRole('textbox', { name, exact: true }).fill(value);
    await page.getByRole('textbox', { name, exact: true }).press('Tab');
  }
  await button(page, 'Run').click();
  await expect(page.getByText(/^All .* are done/)).toBeVisible({ timeout: 60_000 });
  await page.getByRole('combobox', { name: /^Figure/ }).selectOption('mean');
  await expect(page.getByText(/^dashed: M\/M\/\d/)).toBeVisible();
});

test('a sweep tells shares in per cent, as the controls do', async ({ page }) => {
  await page.goto('?lab=caching/cold-start&view=compare');
  await tab(page, 'Sweep').click(PATIENT);
  await page.getByRole('combobox', { name: /^Setting/ }).selectOption('cache.ttl_spread');
  await expect(page.getByLabel('To (%)')).toHaveValue('100');
  for (const [name, value] of [['To (%)', '50'], ['Points', '2'], ['Seeds', '1']]) await page.getByRole('textbox', { name, exact: true }).fill(value);
  await button(page, 'Run').click();
  const rows = page.getByRole('group', { name: 'The curves as a table' }).getByRole('rowheader');
  await expect(rows).toHaveText(['0', '50'], PATIENT);
});

/** A small sweep in a lab. */
async function sweep(page, lab, points) {
  await page.goto(`?lab=${lab}&view=compare`);
  await tab(page, 'Sweep').click(PATIENT);
  for (const [name, value] of [['Points', String(points)], ['Seeds', '2']]) await page.getByRole('textbox', { name, exact: true }).fill(value);
  await button(page, 'Run').click();
  await expect(page.getByText(/^All .* are done/)).toBeVisible({ timeout: 60_000 });
}

/** The file that is saved, as rows of fields. */
async function csv(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save CSV').click()]);
  return (await readFile(await download.path())).toString().trim().split('\r\n').map(line => line.split(','));
}

test('a sweep can be drawn over how busy the machines are with its setting', async ({ page }) => {
  await sweep(page, 'load-balancing/one-slow-server', 3);
  await expect(page.getByRole('img', { name: 'p99 latency over Arrival rate' })).toBeVisible();
  await page.getByRole('combobox', { name: /^Over/ }).selectOption('servers.utilisation');
  await expect(page.getByRole('img', { name: 'p99 latency over Utilisation · Servers' })).toBeVisible();
  const [head, ...rows] = await csv(page);
  const busy = head.findIndex(name => name.includes('Utilisation'));
  const of = rows.map(row => Number(row[busy]));
  expect(of[0]).toBeGreaterThan(5);
  expect(of[0]).toBeLessThan(of[1]);
  expect(of[1]).toBeLessThan(of[2]);
  expect(of[2]).toBeLessThanOrEqual(100);
});

test('beside hit ratios stands that of MIN, which no policy exceeds', async ({ page }) => {
  await sweep(page, 'caching/eviction-race', 3);
  await expect(page.getByText('grey: MIN, which knows the future')).toBeVisible();
  const table = page.getByRole('group', { name: 'The curves as a table' });
  await expect(table.getByRole('columnheader')).toHaveText(['Entries each', 'LRU', 'FIFO', 'SIEVE', 'W-TinyLFU', 'MIN (%)']);
  const [head, ...rows] = await csv(page);
  expect(head.at(-1)).toBe('MIN: Hit ratio · Cache (%)');
  for (const row of rows) {
    const policies = [1, 5, 9, 13].map(column => Number(row[column]));
    expect(Math.min(...policies)).toBeGreaterThan(5);
    expect(Math.max(...policies)).toBeLessThan(Number(row.at(-1)));
  }
});

test('a request that missed says which key left for its own', async ({ page }) => {
  await page.goto('?lab=caching/eviction-race&t=20000');
  await tab(page, 'Inspect').click(PATIENT);
  await button(page, 'Show as a table').click();
  const row = page.getByRole('group', { name: 'Events as a table' }).getByRole('row').filter({ hasText: /keeps it, and key \d+ leaves/ }).first();
  await expect(row).toContainText('LRU: the entry that has not been used for longest leaves.', PATIENT);
  await row.getByRole('button').click();
  const key = (await row.textContent()).match(/key (\d+) leaves/)[1];
  await expect(page.getByText(`Machine 1 keeps it, and key ${key} leaves: it had been here for`).last()).toBeVisible(PATIENT);
});
