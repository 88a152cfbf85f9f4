// The lab page, used as a visitor would: play, pause, step, seek, turn knobs, share, replay a log.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { PATIENT, button, moment, pixels, shownTime } from './parts.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
/** Labs open here, paused; see `OPENING_MS` of the page. */
const OPENS_AT_S = 0.6;
const fixture = name => new URL(`../fixtures/nginx/${name}`, import.meta.url).pathname;

/** The fingerprint of the run so far: equal for equal runs, natively and in every browser. */
async function fingerprint(page) {
  await button(page, 'Share link').click();
  const text = await page.locator('#fingerprint').textContent();
  await page.keyboard.press('Escape');
  return text;
}

/** Goes to the end of the run and waits until it is there. */
async function toTheEnd(page) {
  await moment(page).fill(await moment(page).getAttribute('max'));
  const end = (await moment(page).getAttribute('aria-valuetext')).match(/of ([\d., ]+)/)[1];
  await expect.poll(() => shownTime(page), { timeout: 20_000 }).toBeCloseTo(parseFloat(end), 1);
}

// Loaded machines draw few frames a second, and a test takes as long as the page does.
test.beforeEach(() => test.slow());

/** Opens the lab and waits until it stands at the moment at which it opens. */
async function openLab(page, address = LAB) {
  await page.goto(address);
  await expect.poll(() => shownTime(page), { timeout: 20_000 }).toBe(OPENS_AT_S);
}

test('requests move while it plays and stand while it is paused @phone', async ({ page }) => {
  await openLab(page);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(OPENS_AT_S + 0.1);
  const before = await pixels(page);
  await expect.poll(() => pixels(page), PATIENT).not.toBe(before);
  await button(page, 'Pause').click();
  await expect(button(page, 'Play')).toBeVisible();
  const paused = await shownTime(page);
  await page.waitForTimeout(200);
  const still = await pixels(page);
  await page.waitForTimeout(400);
  expect(await pixels(page)).toBe(still);
  expect(await shownTime(page)).toBe(paused);
});

test('the keyboard plays, pauses and steps', async ({ page }) => {
  await openLab(page);
  await page.keyboard.press(' ');
  await expect(button(page, 'Pause')).toBeVisible();
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(OPENS_AT_S + 0.1);
  await page.keyboard.press(' ');
  await expect(button(page, 'Play')).toBeVisible();
  const before = await fingerprint(page);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect.poll(() => fingerprint(page), PATIENT).not.toBe(before);
  // Back by as many steps, whatever has the focus meanwhile.
  for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowLeft');
  await expect.poll(() => fingerprint(page), PATIENT).toBe(before);
});

test('any moment is reached again as it was', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('2000');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(5);
  const there = await fingerprint(page);
  const picture = await pixels(page);
  await toTheEnd(page);
  expect(await fingerprint(page)).not.toBe(there);
  await moment(page).fill('2000');
  await expect.poll(() => fingerprint(page)).toBe(there);
  await expect.poll(() => pixels(page)).toBe(picture);
});

test('a knob turned while it runs is a change, and the link replays it in a fresh profile', async ({ page, browser }) => {
  await page.goto(LAB);
  await moment(page).fill('1000');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(2);
  await page.getByRole('radio', { name: 'Least conn.' }).check({ force: true });
  await expect(page.getByRole('button', { name: /Go to: Load balancer: Policy/ })).toBeVisible();
  await toTheEnd(page);
  const mine = await fingerprint(page);
  await button(page, 'Share link').click();
  const link = await page.getByLabel('Link', { exact: true }).inputValue();
  await page.keyboard.press('Escape');

  const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const other = await fresh.newPage();
  await other.goto(link);
  await toTheEnd(other);
  expect(await fingerprint(other)).toBe(mine);
  await fresh.close();

  // Without the change it is another run.
  await page.goto('about:blank');
  await page.goto(LAB);
  await toTheEnd(page);
  expect(await fingerprint(page)).not.toBe(mine);
});

test('a real nginx log gives the figures that the command line gives', async ({ page }) => {
  const golden = JSON.parse(await readFile(new URL('../golden/nginx_replay.json', import.meta.url), 'utf8'));
  await page.goto(LAB);
  await button(page, 'Open file').click();
  await page.getByLabel(/Choose a file/).setInputFiles(fixture('access.log'));
  await expect(page.getByRole('dialog')).toContainText('1 967');
  await button(page, 'Replay it').click();
  await toTheEnd(page);
  expect(await fingerprint(page)).toBe(golden.digest);
});

test('bad lines are counted, and what is no log leaves everything as it was', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('500');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(1);
  const before = await fingerprint(page);
  await button(page, 'Open file').click();
  await page.getByLabel(/Choose a file/).setInputFiles({ name: 'cat.png', mimeType: 'image/png', buffer: Buffer.from([137, 80, 78, 71, 0, 1, 2, 3]) });
  await expect(page.getByRole('dialog')).toContainText('unchanged');
  await page.getByLabel(/Choose a file/).setInputFiles(fixture('broken.log'));
  await expect(page.getByRole('dialog')).toContainText(/Line \d+/);
  await page.keyboard.press('Escape');
  expect(await fingerprint(page)).toBe(before);
});

test('a request on the stage tells its story', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('1500');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(3);
  const server = page.getByRole('button', { name: /^Server 3/ }).first();
  await server.focus();
  await page.keyboard.press('Enter');
  const selection = page.getByLabel('Selection').first();
  await expect(selection).toContainText('Server 3');

  // A travelling dot: the stage is asked where one is drawn, then pressed there.
  const dot = await dotOnStage(page);
  expect(dot, 'a request is under way at this moment').not.toBeNull();
  await page.mouse.click(dot.x, dot.y);
  await expect(selection.getByRole('heading', { name: /^Request [\d\s]+$/ })).toBeVisible();
  await expect(selection).toContainText('Client waits');
  // Requests that the balancer has passed on say why they went where they went.
  const ended = page.getByRole('tabpanel').getByRole('listitem').filter({ hasText: 'Request' });
  await page.getByRole('tab', { name: 'Inspect' }).click();
  await ended.first().getByRole('button').click();
  await expect(selection).toContainText(/Its turn: round robin takes the servers in order/);
  await expect(selection).toContainText(/Server \d · (work|refused)/);
  await expect(selection).toContainText('Reply');
  // What the client waits is what its parts take.
  const lines = await selection.locator('.waterfall li .what').allInnerTexts();
  const [whole, ...parts] = lines.map((line) => Number(line.replace(/\s/g, '').match(/([\d.]+)ms$/)[1]));
  expect(lines.some((line) => line.startsWith('On the way'))).toBe(true);
  expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - whole) / whole).toBeLessThan(0.01);
});

test('a chart is saved as figures and as a picture', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('300');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(2);
  const saved = async name => {
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()]);
    return readFile(await download.path());
  };
  await button(page, 'Latency as a table').click();
  expect((await saved('Save Latency as CSV')).toString()).toMatch(/^time \(s\),/);
  const png = await saved('Save Latency as PNG');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  // Twice 720 and its margins wide; not all of one colour.
  expect(png.readUInt32BE(16)).toBe(2 * (720 + 32));
  expect(png.length).toBeGreaterThan(10_000);
});

test('a moment in a lesson leads there', async ({ page }) => {
  await page.goto('?lab=load-balancing/sticky-sessions');
  await page.getByRole('tab', { name: 'Lesson' }).click();
  await page.getByRole('tabpanel').getByRole('button', { name: '8 s', exact: true }).click();
  await expect.poll(() => shownTime(page), PATIENT).toBe(7.5);
});

/** A point of the page where the moving layer of the stage shows a dot; `null` if nothing moves. */
function dotOnStage(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('.stage-panel canvas.overlay');
    const { left, top, width: shown } = canvas.getBoundingClientRect();
    const { width, height } = canvas;
    const alpha = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    const solid = (x, y) => alpha[4 * (y * width + x) + 3] > 250;
    const scale = shown / width;
    // The middle of a filled disc: solid for three pixels around.
    for (let y = 3; y < height - 3; y++) {
      for (let x = 3; x < width - 3; x++) {
        if (solid(x, y) && [[-3, 0], [3, 0], [0, -3], [0, 3]].every(([dx, dy]) => solid(x + dx, y + dy))) {
          return { x: left + x * scale, y: top + y * scale };
        }
      }
    }
    return null;
  });
}

test('a scenario that cannot run is refused with the place of each problem, and nothing is lost', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('500');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(3);
  const before = await fingerprint(page);
  const bad = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/one-slow-server.json', import.meta.url), 'utf8'));
  bad.nodes.find(node => node.id === 'servers').workers = -4;
  const transfer = await page.evaluateHandle(text => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'mine.json', { type: 'application/json' }));
    return transfer;
  }, JSON.stringify(bad));
  await page.dispatchEvent('.page', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('.page', 'drop', { dataTransfer: transfer });
  await expect(page.getByRole('dialog')).toContainText('mine.json');
  await expect(page.getByRole('dialog')).toContainText(/servers.*workers/);
  await page.keyboard.press('Escape');
  expect(await fingerprint(page)).toBe(before);
});

test('a setting of the address that makes no sense is named and left out', async ({ page }) => {
  await openLab(page, `${LAB}&p.lb.policy=nonsense`);
  await expect(page.getByRole('alert')).toContainText('nonsense');
  await expect(page.getByRole('alert')).toContainText(/lb.*policy/);
  await expect(page.getByRole('radio', { name: 'Round robin' })).toBeChecked();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByText('nonsense')).toHaveCount(0);
});

test('what is set before the run is begun holds from its start, and the moment stays', async ({ page }) => {
  await openLab(page);
  await page.getByRole('radio', { name: 'Least conn.' }).check({ force: true });
  await expect(page.getByRole('radio', { name: 'Least conn.' })).toBeChecked();
  await expect.poll(() => shownTime(page), PATIENT).toBe(OPENS_AT_S);
  await expect(page.getByRole('button', { name: /^Go to: / })).toHaveCount(0);
  // The same run as that of an address that asks for the policy.
  const set = await fingerprint(page);
  await openLab(page, `${LAB}&p.lb.policy=least-connections`);
  expect(await fingerprint(page)).toBe(set);
});

test('the prediction comes before the explanation', async ({ page }) => {
  await openLab(page);
  await expect(page.getByRole('heading', { name: 'Predict' })).toBeVisible();
  await expect(page.getByText('Round robin hands every server')).toHaveCount(0);
  await button(page, '0 %').click();
  await button(page, 'Play, and see').click();
  await button(page, 'Show the answer').click();
  await expect(page.getByText('Round robin hands every server')).toBeVisible();
  await expect(page.getByText(/It is about 8/)).toBeVisible();
});

test('the keyboard alone reaches the stage, the transport and the knobs, and turns them', async ({ page }) => {
  await openLab(page);
  const names = new Set();
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const it = document.activeElement;
      return it?.getAttribute('aria-label') ?? it?.closest('label')?.textContent ?? it?.textContent ?? '';
    });
    names.add(name.trim());
  }
  const all = [...names].join('\n');
  for (const wanted of [/^Clients, /m, /^Load balancer, /m, /^Server 1, /m, /^Server 4, /m, /^Play$/m, /^Step one event$/m,
    /^Moment$/m, /^Speed$/m, /^Share link$/m, /Arrival rate/, /Round robin/]) {
    expect(all).toMatch(wanted);
  }
  // Arrows turn chips and sliders; Enter presses.
  await page.getByRole('radio', { name: 'Round robin' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Weighted RR' })).toBeChecked();
  const rate = page.getByRole('slider', { name: /Arrival rate/ });
  const value = await rate.inputValue();
  await rate.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => rate.inputValue()).not.toBe(value);
  await button(page, 'Play').focus();
  await page.keyboard.press('Enter');
  await expect(button(page, 'Pause')).toBeFocused();
});

test('home leads to a lab, and back leads home @phone', async ({ page }) => {
  await page.goto('');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.getByRole('link', { name: /Unequal servers/ }).first().click();
  await expect(button(page, 'Play').or(button(page, 'Pause')).first()).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('link', { name: /Unequal servers/ }).first()).toBeVisible();
});

test('the worst case shows a readable page with the scenario', async ({ page }) => {
  await page.goto(LAB);
  await button(page, 'Play').waitFor();
  await page.waitForFunction(() => typeof globalThis.__scenarioLink === 'string');
  await page.evaluate(() => globalThis.__fatal('panicked at src/somewhere.rs:1:1'));
  const screen = page.locator('main#fatal');
  await expect(screen).toBeVisible();
  await expect(screen.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(screen.getByLabel('Your scenario is kept in this link')).toHaveValue(/lab=load-balancing\/one-slow-server/);
  await expect(screen.getByRole('button', { name: 'Reload' })).toBeVisible();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing: home and lab, ${colorScheme} @phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto('');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await axe(page);
    await page.goto(LAB);
    await moment(page).fill('1500');
    await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(3);
    await axe(page);
  });
}

test('without motion nothing travels, and the figures still change', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openLab(page);
  await button(page, 'Play').click();
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(OPENS_AT_S + 0.2);
  const marks = await page.evaluate(() => {
    const canvas = document.querySelector('.stage-panel canvas.overlay');
    const { width, height } = canvas;
    return canvas.getContext('2d').getImageData(0, 0, width, height).data.some(value => value > 0);
  });
  expect(marks).toBe(false);
});

test('what is chosen when the run is over holds from its start', async ({ page }) => {
  await openLab(page);
  await button(page, 'Play').click();
  await toTheEnd(page);
  await page.getByRole('radio', { name: 'Peak EWMA' }).check({ force: true });
  await expect.poll(() => shownTime(page), PATIENT).toBe(0);
  // The space bar plays also where the slider has the focus.
  await moment(page).focus();
  await page.keyboard.press(' ');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(0.1);
  await page.keyboard.press(' ');
  await expect(button(page, 'Play')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Peak EWMA' })).toBeChecked();
});

test('a change of colours reaches what stands still', async ({ page, baseURL }) => {
  const LIGHT = new Set(['255,255,255,255']);
  const DARK = new Set(['21,28,35,255']);
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
  const colours = page.getByRole('button', { name: /^Colours/ });
  const corners = async () => new Set(await page.evaluate(() => [...document.querySelectorAll('canvas.base, .chart canvas')].map(canvas => {
    const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 2, 2, 1, 1, 0, 0, 1, 1);
    return copy.getImageData(0, 0, 1, 1).data.join();
  })));
  await openLab(page);
  await expect.poll(corners).toEqual(LIGHT);
  // The system's.
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(corners).toEqual(DARK);
  // Those that were chosen.
  await colours.click();
  await expect.poll(corners).toEqual(LIGHT);
  await colours.click();
  await expect.poll(corners).toEqual(DARK);

  await page.goto(baseURL);
  const pictures = async () => new Set(await page.locator('.card img').evaluateAll(all => all.map(image => /light|dark/.exec(image.src)[0])));
  await expect.poll(pictures).toEqual(new Set(['dark']));
  await expect.poll(corners).toEqual(DARK);
  await page.emulateMedia({ colorScheme: 'light' });
  await colours.click();
  await expect.poll(pictures).toEqual(new Set(['light']));
  await expect.poll(corners).toEqual(LIGHT);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(pictures).toEqual(new Set(['dark']));
  await expect.poll(corners).toEqual(DARK);
});

test('with text of twice the size nothing runs off a phone', async ({ page, context }) => {
  const fontSizes = { standard: 32, fixed: 26 };
  await (await context.newCDPSession(page)).send('Page.setFontSizes', { fontSizes });
  await page.setViewportSize({ width: 390, height: 844 });
  await openLab(page);
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  await page.getByRole('tab', { name: 'Controls' }).click();
  await page.getByText('All settings').click();
  expect(await wide()).toBeLessThanOrEqual(390);
  for (const tab of ['Lesson', 'Inspect', 'Charts', 'Task']) {
    await page.getByRole('tab', { name: tab }).click();
    expect(await wide(), tab).toBeLessThanOrEqual(390);
  }
  for (const dialog of ['Share link', 'Open file']) {
    await button(page, dialog).click();
    const close = page.getByRole('dialog').getByRole('button', { name: 'Close' });
    await expect(close).toBeInViewport({ ratio: 1 });
    expect(await page.getByRole('dialog').evaluate(it => it.scrollWidth - it.clientWidth), dialog).toBeLessThanOrEqual(0);
    await close.click();
  }
});
