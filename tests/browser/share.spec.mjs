// Sharing: a link, its QR code, a file, and the HTML for somebody else's page.

import jsqr from 'jsqr';
import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { fragment } from './link.mjs';
import { PATIENT, button, moment, shownTime } from './parts.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const MADE = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/one-slow-server.json', import.meta.url), 'utf8'));

/** Clients and one server: a link that is short enough for a code. */
const SMALL = {
  v: 1, title: 'Small', seed: 1, duration_ms: 9000,
  nodes: [{ id: 'clients', kind: 'clients', name: 'Clients', to: ['servers'] }, { id: 'servers', kind: 'servers', name: 'Server' }],
  links: [{ from: 'clients', to: 'servers' }],
};

const dialog = page => page.getByRole('dialog');
const link = page => page.getByLabel('Link', { exact: true });

test.beforeEach(() => test.slow());

async function share(page) {
  await button(page, 'Share link').click(PATIENT);
  await expect(dialog(page)).toBeVisible(PATIENT);
}

/** A scenario whose link has about so many characters: changes that no compression makes short. */
function long(characters) {
  const changes = Array.from({ length: Math.round(characters / 13) }, (_, n) => ({
    at_ms: 100 + n, node: 'clients', set: { rate_per_s: 1 + 1000 * (n * 0.6180339887 % 1) },
  }));
  return fragment({ ...MADE, title: 'Long', changes });
}

test('the link opens the same run; the dialog keeps the focus and gives it back @phone', async ({ page }) => {
  await page.goto(LAB);
  await button(page, 'Share link').focus();
  await page.keyboard.press('Enter');
  await expect(button(page, 'Copy')).toBeFocused(PATIENT);
  const inside = () => page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null);
  for (let presses = 0; presses < 14; presses++) {
    await page.keyboard.press('Tab');
    expect(await inside()).toBe(true);
  }
  await expect(page.locator('#share-length')).toHaveText(/^\d[\d\u202f]* characters$/);
  const characters = parseInt((await page.locator('#share-length').textContent()).replace('\u202f', ''), 10);
  const address = await link(page).inputValue();
  expect(address).toHaveLength(characters);
  const fingerprint = await page.locator('#fingerprint').textContent();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(button(page, 'Share link')).toBeFocused();

  await page.goto('about:blank');
  await page.goto(address);
  await moment(page).fill('600');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(0.5);
  await expect(page.getByRole('tab', { name: 'Lesson' })).toBeVisible();
  expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
});

test("a lab's own changes are not the visitor's", async ({ page }) => {
  await page.goto('?lab=caching/scan');
  await share(page);
  await expect(dialog(page)).toContainText('Whoever opens it sees the same run');
  await expect(dialog(page)).not.toContainText('It includes');
});

test('it says that it includes what was changed up to now, and begins at any moment', async ({ page }) => {
  await page.goto(LAB);
  await moment(page).fill('1000');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(2);
  await page.getByRole('radio', { name: 'Least conn.' }).check({ force: true });
  await share(page);
  await expect(dialog(page)).toContainText('It includes your change up to now.');
  const seconds = page.getByLabel('Moment, in seconds');
  await expect(seconds).toBeDisabled();
  const from = await link(page).inputValue();
  expect(from).not.toContain('&t=');
  await page.getByLabel(/Begin at this moment/).check();
  await seconds.fill('7.5');
  const address = await link(page).inputValue();
  expect(address).toContain('&t=7500#');
  await page.goto('about:blank');
  await page.goto(address);
  await expect.poll(() => shownTime(page), PATIENT).toBe(7.5);
  await expect(page.getByRole('button', { name: /Go to: Load balancer: Policy/ })).toBeVisible();
});

test('it is copied; where the browser does not allow that, it is selected', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(LAB);
  await share(page);
  await button(page, 'Copy').click();
  await expect(dialog(page)).toContainText('Copied.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await link(page).inputValue());
  await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); });
  await button(page, 'Copy').click();
  await expect(dialog(page)).toContainText('does not allow copying');
  expect(await link(page).evaluate(field => field.selectionEnd - field.selectionStart === field.value.length)).toBe(true);
});

test('the QR code, read by another program, is the link', async ({ page }) => {
  await page.goto(fragment(SMALL));
  await share(page);
  await page.getByText('QR code').click();
  const code = page.getByRole('img', { name: 'QR code of the link' });
  await expect(code).toBeVisible(PATIENT);
  // A link that becomes another one while it is read has another code, too.
  const agree = async () => expect(await read(page, code)).toBe(await link(page).inputValue());
  await expect(agree).toPass(PATIENT);
  // It follows what is chosen.
  const before = await link(page).inputValue();
  await page.getByLabel(/Begin at this moment/).check();
  await expect(link(page)).not.toHaveValue(before);
  await expect(agree).toPass(PATIENT);
});

test('the QR code of a lab as it was made is short, that of a longer link is not offered', async ({ page, baseURL }) => {
  await page.goto(LAB);
  await share(page);
  await page.getByText('QR code').click();
  const code = page.getByRole('img', { name: 'QR code of the link' });
  await expect(code).toBeVisible(PATIENT);
  await expect(async () => expect(await read(page, code)).toBe(`${baseURL}${LAB}`)).toPass(PATIENT);
  await page.keyboard.press('Escape');
  await page.getByRole('radio', { name: 'Least conn.' }).check({ force: true });
  await share(page);
  await page.getByText('QR code').click();
  await expect(dialog(page)).toContainText('A QR code of more than 800 is hard to read');
  await expect(code).toHaveCount(0);
});

/** What stands in the code, as it is seen on the screen. */
async function read(page, code) {
  const shot = (await code.screenshot()).toString('base64');
  const { pixels, width, height } = await page.evaluate(async shot => {
    const image = Object.assign(new Image(), { src: `data:image/png;base64,${shot}` });
    await image.decode();
    // Twice as large: readers want some pixels for each module.
    const canvas = new OffscreenCanvas(2 * image.width, 2 * image.height);
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return { pixels: [...pen.getImageData(0, 0, canvas.width, canvas.height).data], width: canvas.width, height: canvas.height };
  }, shot);
  return (jsqr.default ?? jsqr)(Uint8ClampedArray.from(pixels), width, height)?.data;
}

test('codes of every version are read by another program', async ({ page }) => {
  await page.goto(LAB);
  await button(page, 'Share link').waitFor(PATIENT);
  const rows = await page.evaluate(async () => {
    const { encode, BYTES_MAX } = await globalThis.__later('qr');
    const texts = Array.from({ length: BYTES_MAX / 10 }, (_, n) => `${n}:${'aZ09-_.~?=&#/é'.repeat(60)}`.slice(0, 1 + 9 * n));
    texts.push('x'.repeat(BYTES_MAX));
    let refused = false;
    try {
      encode('x'.repeat(BYTES_MAX + 1));
    } catch {
      refused = true;
    }
    return { codes: texts.map(text => ({ text, rows: encode(text) })), refused };
  });
  expect(rows.refused).toBe(true);
  const versions = new Set();
  for (const { text, rows: code } of rows.codes) {
    versions.add((code.length - 17) / 4);
    const [scale, quiet] = [3, 4];
    const side = scale * (code.length + 2 * quiet);
    const pixels = new Uint8ClampedArray(4 * side * side).fill(255);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        if (code[Math.floor(y / scale) - quiet]?.[Math.floor(x / scale) - quiet]) pixels.fill(0, 4 * (y * side + x), 4 * (y * side + x) + 3);
      }
    }
    expect((jsqr.default ?? jsqr)(pixels, side, side)?.data, `${text.length} characters`).toBe(text);
  }
  expect([...versions].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

test('long links are warned of, longer ones are files', async ({ page, baseURL }) => {
  await page.goto(long(3500));
  await share(page);
  expect((await link(page).inputValue()).length).toBeGreaterThan(2000);
  expect((await link(page).inputValue()).length).toBeLessThan(8000);
  await expect(dialog(page)).toContainText('Some programs cut links of more than');
  await page.goto('about:blank');
  await page.goto(`${baseURL}${long(11_000)}`);
  await share(page);
  await expect(link(page)).toBeHidden();
  await expect(button(page, 'Copy')).toBeHidden();
  await expect(dialog(page)).toContainText('too many. Share a file instead');
  await expect(button(page, 'Save as a file')).toBeFocused();
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save as a file').click()]);
  expect(download.suggestedFilename()).toBe('long.json');
  const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
  expect(saved.changes.length).toBeGreaterThan(100);
});


test.describe('where a script does not arrive', () => {
  test.use({ allowed: [/Failed to load resource|ERR_FAILED/] });
  test('that is said, nothing has changed, and the next press tries again', async ({ page }) => {
    await page.route('**/share-*.js', route => route.abort());
    await page.goto(LAB);
    await button(page, 'Share link').click(PATIENT);
    await expect(page.getByRole('alert')).toContainText('This part of the page did not arrive', PATIENT);
    await expect(button(page, 'Play')).toBeVisible();
    await page.unroute('**/share-*.js');
    await page.reload();
    await share(page);
  });
});

test.describe('on a page of somebody else', () => {
  async function frame(page) {
    await share(page);
    await button(page, 'Put it on a page…').click();
    await expect(page.getByRole('heading', { name: 'Put it on a page' })).toBeVisible(PATIENT);
  }
  const code = page => page.getByLabel('HTML for the page');
  const preview = page => page.frameLocator('dialog iframe');
  /** The snippet's frame, as a browser reads it: on a page of its own, for the site's policy forbids parsing HTML. */
  async function parsed(page) {
    const html = await code(page).inputValue();
    const blank = await page.context().newPage();
    const read = await blank.evaluate(html => {
      const { src, title } = new DOMParser().parseFromString(html, 'text/html').querySelector('iframe');
      return { src, title };
    }, html);
    await blank.close();
    return read;
  }
  const address = async page => (await parsed(page)).src;

  test('the preview is the frame that the snippet makes, and follows every choice', async ({ page }) => {
    await page.goto(LAB);
    const before = await page.evaluate(() => history.length);
    await frame(page);
    await expect(preview(page).getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
    await expect(preview(page).getByRole('tab', { name: 'Controls' })).toBeVisible();
    // As the lab was made, its name is enough.
    expect(await address(page)).toMatch(/embed\.html\?lab=load-balancing\/one-slow-server&edit=knobs$/);
    expect(await page.locator('dialog iframe').getAttribute('src')).toBe(await address(page));

    for (const panel of ['title', 'controls']) await page.getByRole('checkbox', { name: panel, exact: true }).uncheck();
    await page.getByRole('radio', { name: 'Dark' }).check();
    await page.getByRole('radio', { name: 'When it is seen' }).check();
    await page.getByLabel('Height in pixels').fill('600');
    await page.getByLabel('Width in pixels').fill('640');
    await expect(preview(page).locator('html')).toHaveAttribute('data-theme', 'dark', PATIENT);
    await expect(preview(page).getByRole('button', { name: 'Pause', exact: true })).toBeVisible(PATIENT);
    await expect(preview(page).getByRole('heading', { level: 1 })).toHaveCount(0);
    await expect(preview(page).getByRole('tab', { name: 'Controls' })).toHaveCount(0);
    expect(await code(page).inputValue()).toMatch(/width="640" height="600"/);
    const asked = new URL(await address(page)).searchParams;
    expect(Object.fromEntries(asked)).toEqual({ lab: 'load-balancing/one-slow-server', show: 'stage,transport', edit: 'knobs', theme: 'dark', start: 'visible' });
    expect(await page.locator('dialog iframe').evaluate(frame => [frame.width, frame.height])).toEqual(['640', '600']);
    expect(await page.evaluate(() => history.length)).toBe(before);
  });

  test('the usual height shows the controls', async ({ page }) => {
    await page.goto(LAB);
    await frame(page);
    const first = preview(page).getByRole('tabpanel').getByRole('radio').first();
    await expect(first).toBeVisible(PATIENT);
    for (const width of ['', '700', '900']) {
      await page.getByLabel('Width in pixels').fill(width);
      const ends = () => first.evaluate(it => it.closest('.control').getBoundingClientRect().bottom - innerHeight);
      await expect.poll(ends, PATIENT).toBeLessThan(0);
    }
  });

  test('as high as what is in it: the preview grows, and both snippets ask for it @phone', async ({ page }) => {
    await page.goto(LAB);
    await frame(page);
    const frameOf = page.locator('dialog iframe');
    await expect(preview(page).getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
    await page.getByLabel('Width in pixels').fill('700');
    await page.getByLabel('As high as what is in it').check();
    await expect(page.getByLabel('Height in pixels')).toBeDisabled();
    await expect(dialog(page)).toContainText('until the page around it follows');
    expect(new URL(await address(page)).searchParams.get('height')).toBe('auto');
    expect(await code(page).inputValue()).toContain('height="720"');
    // Nothing is cut and nothing is empty below.
    const missing = () => frameOf.evaluate(frame => Math.abs(frame.contentDocument.querySelector('#app').getBoundingClientRect().height - frame.height));
    await expect.poll(async () => Number(await frameOf.getAttribute('height')) !== 720 && await missing() < 2, PATIENT).toBe(true);
    // With less in it it shrinks.
    const before = Number(await frameOf.getAttribute('height'));
    await page.getByRole('checkbox', { name: 'controls', exact: true }).uncheck();
    await expect.poll(async () => Number(await frameOf.getAttribute('height')) < before - 50 && await missing() < 2, PATIENT).toBe(true);
    await page.getByRole('radio', { name: /the element/ }).check();
    await expect(dialog(page)).toContainText('The element follows');
    expect(await code(page).inputValue()).toMatch(/<switchyard-lab [^>]*height="auto"/);
    // A number again.
    await page.getByLabel('As high as what is in it').uncheck();
    await page.getByLabel('Height in pixels').fill('350');
    expect(await code(page).inputValue()).toMatch(/<switchyard-lab [^>]*height="350"/);
    await expect.poll(() => frameOf.getAttribute('height'), PATIENT).toBe('350');
    expect(new URL(await frameOf.getAttribute('src')).searchParams.has('height')).toBe(false);
  });

  test('only the knobs that are chosen can be turned, and what was changed is in it', async ({ page }) => {
    await page.goto(`${LAB}&p.lb.policy=two-choices`);
    await frame(page);
    const before = await address(page);
    expect(before).toContain('#s1.');
    await expect(preview(page).getByRole('radio', { name: 'Two choices' })).toBeChecked(PATIENT);
    await expect(preview(page).getByRole('slider', { name: /Arrival rate/ })).toBeVisible();
    await page.getByRole('checkbox', { name: /Arrival rate/ }).uncheck();
    await expect.poll(() => address(page)).not.toBe(before);
    await expect(preview(page).getByRole('slider', { name: /Arrival rate/ })).toHaveCount(0, PATIENT);
    await expect(preview(page).getByRole('radio', { name: 'Two choices' })).toBeChecked(PATIENT);
    await page.getByRole('radio', { name: 'Nothing' }).check();
    await expect(preview(page).getByRole('tab', { name: 'Controls' })).toHaveCount(0, PATIENT);
  });

  test('the element: its script and its attributes run on a page', async ({ page }) => {
    await page.goto(`${LAB}&p.lb.policy=two-choices`);
    await frame(page);
    await page.getByRole('radio', { name: /the element/ }).check();
    await page.getByRole('radio', { name: 'Light', exact: true }).check();
    const html = await code(page).inputValue();
    expect(html).toMatch(/^<script type="module" src="[^"]*embed\.js"><\/script>\n<switchyard-lab lab="load-balancing\/one-slow-server"/);
    await page.route('**/course.html', route => route.fulfill({ contentType: 'text/html', body: `<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>Course</title>${html}` }));
    await page.goto('course.html');
    const lab = page.frameLocator('iframe');
    await expect(lab.getByRole('radio', { name: 'Two choices' })).toBeChecked(PATIENT);
    await expect(lab.locator('html')).toHaveAttribute('data-theme', 'light');
    await expect(page.locator('switchyard-lab iframe')).toHaveAttribute('height', '720');
  });

  test('names with markup stay text in the snippet', async ({ page }) => {
    await page.goto(fragment({ ...MADE, title: 'A "b" <i> & c' }));
    await frame(page);
    expect((await parsed(page)).title).toBe('A "b" <i> & c');
  });

  test('closed, the focus is where it was, and the preview is gone @phone', async ({ page }) => {
    await page.goto(LAB);
    await frame(page);
    await expect(button(page, 'Close')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog(page)).toHaveCount(0);
    await expect(page.locator('iframe')).toHaveCount(0);
    await expect(button(page, 'Share link')).toBeFocused();
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing in the dialogs, ${colorScheme} @phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(LAB);
    await share(page);
    await page.getByText('QR code').click();
    await page.getByRole('img', { name: 'QR code of the link' }).waitFor(PATIENT);
    await axe(page);
    await button(page, 'Put it on a page…').click();
    await expect(page.frameLocator('dialog iframe').getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
    await axe(page);
  });
}

test.describe('without storage', () => {
  test('the dialogs work', async ({ page }) => {
    await page.addInitScript(() => {
      const denied = { get() { throw new DOMException('denied', 'SecurityError'); } };
      Object.defineProperty(globalThis, 'localStorage', denied);
      Object.defineProperty(globalThis, 'sessionStorage', denied);
    });
    await page.goto(LAB);
    await share(page);
    expect(await link(page).inputValue()).toContain('#s1.');
    await button(page, 'Put it on a page…').click();
    await expect(page.frameLocator('dialog iframe').getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
  });
});
