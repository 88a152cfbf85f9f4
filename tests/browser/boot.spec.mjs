// Starting, and the screen that is shown when the app cannot start or go on.

import { axe, expect, test } from './fixtures.mjs';
import { PATIENT, shownTime } from './parts.mjs';

const MODULE = /_bg\.wasm$/;
const screen = page => page.locator('main#fatal');

test('the site starts below a path, under its policy @phone', async ({ page }) => {
  const response = await page.goto('');
  expect(await response.text()).toContain('http-equiv="Content-Security-Policy"');
  await expect(page.locator('#app')).not.toBeEmpty();
  await expect(page.locator('#fatal')).toHaveCount(0);
});

test.describe('the policy', () => {
  test.use({ allowed: [/Content Security Policy/] });

  test('stops inline scripts', async ({ page, baseURL }) => {
    await page.route(baseURL, async route => {
      const response = await route.fetch();
      const html = await response.text();
      await route.fulfill({ response, body: html.replace('</body>', '<script>globalThis.inlineRan = true</script></body>') });
    });
    const blocked = page.waitForEvent('console', message => /Content Security Policy/.test(message.text()));
    await page.goto('');
    await blocked;
    expect(await page.evaluate(() => globalThis.inlineRan)).toBeUndefined();
  });
});

test.describe('when the module does not arrive', () => {
  test.use({ allowed: [/Failed to load resource/] });

  for (const [what, route] of [
    ['the connection breaks', route => route.abort()],
    ['the server has it no more', route => route.fulfill({ status: 404, body: 'not found' })],
  ]) {
    test(`${what}: a readable page, and Reload helps @phone`, async ({ page }) => {
      await page.route(MODULE, route);
      await page.goto('');
      await expect(page.getByRole('heading', { name: 'A part of Switchyard did not arrive' })).toBeFocused();
      await expect(screen(page)).toContainText('Loading the page again usually helps');
      await axe(page);
      await page.unroute(MODULE);
      await page.getByRole('button', { name: 'Reload' }).click();
      await expect(page.locator('#app')).not.toBeEmpty();
      await expect(page.locator('#fatal')).toHaveCount(0);
    });
  }
});

test.describe('when the module is not what it should be', () => {
  test.use({ allowed: [/WebAssembly/] });

  for (const [what, body] of [
    ['a page of the host', '<!DOCTYPE html><p>Please sign in'],
    ['cut short', Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0x7f])],
    ['a module without our exports', Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ]) {
    test(`${what}: it says so`, async ({ page }) => {
      await page.route(MODULE, route => route.fulfill({ contentType: 'application/wasm', body }));
      await page.goto('');
      await expect(page.getByRole('heading', { name: 'Switchyard could not be started' })).toBeFocused();
      await page.getByText('Technical details').click();
      await expect(screen(page).locator('pre')).toContainText(/\w+Error/);
      await axe(page);
    });
  }
});

test('a browser without WebAssembly is told so', async ({ page }) => {
  await page.addInitScript(() => delete globalThis.WebAssembly);
  await page.goto('');
  await expect(page.getByRole('heading', { name: 'This browser cannot run Switchyard' })).toBeVisible();
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the page says what it needs', async ({ page }) => {
    await page.goto('');
    await expect(page.locator('noscript p')).toBeVisible();
  });
});

test.describe('when the app stops', () => {
  test.use({ allowed: [/out of range|unreachable/] });
  const LINK = 'https://switchyard.example/courses/?lab=a/b#s1.abc';

  test('what was done can be taken along @phone', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto('');
    await expect(page.locator('#app')).not.toBeEmpty();
    await page.evaluate(link => {
      globalThis.__scenarioLink = link;
      globalThis.__fatal('index out of range');
      globalThis.__fatal('a consequence of the first');
    }, LINK);
    await expect(page.getByRole('heading', { name: 'Switchyard has stopped' })).toBeFocused();
    await expect(page.locator('#app')).toBeHidden();
    await expect(page.getByLabel('Your scenario is kept in this link')).toHaveValue(LINK);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(LINK);
    await page.getByText('Technical details').click();
    await expect(screen(page).locator('pre')).toContainText('index out of range');
    await expect(screen(page).locator('pre')).not.toContainText('consequence');
    await axe(page);
  });

  test('the start page leaves behind what it stopped at', async ({ page, baseURL }) => {
    await page.goto('?lab=a/b#s1.abc');
    await page.evaluate(() => globalThis.__fatal('index out of range'));
    await page.getByRole('link', { name: 'Start page' }).click();
    await expect(page).toHaveURL(baseURL);
    await expect(page.locator('#fatal')).toHaveCount(0);
  });

  test('a trap that nobody caught is noticed', async ({ page }) => {
    await page.goto('');
    await expect(page.locator('#app')).not.toBeEmpty();
    // (module (func (export "f") unreachable))
    const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11];
    await page.evaluate(async bytes => {
      const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes));
      setTimeout(() => instance.exports.f());
    }, bytes);
    await expect(page.getByRole('heading', { name: 'Switchyard has stopped' })).toBeVisible();
    await page.getByText('Technical details').click();
    await expect(screen(page).locator('pre')).toContainText('unreachable');
  });
});

test.describe('the second part of the program', () => {
  const LATE = /app-late-[0-9a-f]+\.wasm$/;
  const LAB = '?lab=load-balancing/one-slow-server';

  test.describe('never arrives', () => {
    test.use({ allowed: [/Failed to load resource|did not arrive|late-/] });

    test('a first visit does not need it; what does says so', async ({ page }) => {
      await page.route(LATE, route => route.abort());
      await page.goto('');
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await page.goto(LAB);
      const play = page.getByRole('button', { name: 'Play', exact: true });
      // By script: no pointer, no key.
      await play.evaluate(button => button.click());
      await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(0.2);
      await expect(page.locator('#fatal')).toHaveCount(0);

      await page.getByRole('button', { name: 'Share link' }).click();
      await expect(page.getByRole('heading', { name: 'A part of Switchyard did not arrive' })).toBeVisible(PATIENT);
    });
  });

  test('who needs it before it is here waits for it', async ({ page }) => {
    const asked = [];
    await page.route(LATE, async route => {
      asked.push(route.request().resourceType());
      // The page's own request hangs; the one that is waited for is answered.
      if (route.request().resourceType() !== 'fetch') await route.continue();
    });
    await page.goto(`${LAB}&t=3000`);
    await page.getByRole('button', { name: 'Share link' }).click();
    await expect(page.getByRole('dialog')).toBeVisible(PATIENT);
    expect(asked).toContain('xhr');
    await expect(page.locator('#fatal')).toHaveCount(0);
  });
});
