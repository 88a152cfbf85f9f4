// The labs' scenarios and lessons lie beside the page and come when they are asked for.

import { axe, expect, test } from './fixtures.mjs';
import { PATIENT, button } from './parts.mjs';

const LAB = 'load-balancing/unequal-servers';
const TITLE = 'Unequal servers';
const LESSON = /\/labs-[0-9a-f]{16}\/load-balancing\/unequal-servers\.md$/;
const SCENARIO = /\/labs-[0-9a-f]{16}\/load-balancing\/unequal-servers\.json$/;

const title = page => page.getByRole('heading', { level: 1 });

test('the first page loads pictures; a scenario comes when its card is pointed at, and no lesson', async ({ page }) => {
  const asked = [];
  page.on('request', request => asked.push(request.url()));
  const texts = kind => asked.filter(url => /\/labs-[0-9a-f]{16}\//.test(url) && url.endsWith(kind));
  await page.goto('');
  await expect(page.getByRole('img', { name: `Picture of ${TITLE}` })).toBeVisible(PATIENT);
  expect([...texts('.json'), ...texts('.md')]).toEqual([]);
  expect(texts('.svg').length).toBeGreaterThan(0);
  await page.getByRole('link', { name: TITLE }).hover();
  await expect.poll(() => asked.filter(url => SCENARIO.test(url)).length, PATIENT).toBe(1);
  // The run lies over the picture.
  await expect(page.getByRole('img', { name: `Picture of ${TITLE}` })).toHaveCount(2, PATIENT);
  expect(texts('.md')).toEqual([]);
});

test('what the first page cannot run comes alive in a frame of the whole one', async ({ page }) => {
  await page.goto('');
  const name = 'Eviction race on one stream';
  await page.getByRole('link', { name }).hover(PATIENT);
  const frame = page.frameLocator(`iframe[title="${name} runs"]`);
  await expect(frame.locator('canvas').first()).toBeVisible(PATIENT);
  // One at most: it stops when it is left.
  await page.getByRole('link', { name: TITLE }).hover();
  await expect(page.locator('iframe')).toHaveCount(0);
});

test.describe('when a lab does not arrive', () => {
  test.use({ allowed: [/Failed to load resource/] });

  test('it is said, trying again helps, and the other pages work @phone', async ({ page }) => {
    await page.route(LESSON, route => route.abort());
    await page.goto(`?lab=${LAB}`);
    await expect(title(page)).toHaveText('The lab did not arrive', PATIENT);
    await expect(page.getByRole('main')).toContainText('The connection broke');
    await axe(page);
    await page.getByRole('link', { name: 'All labs' }).click();
    await expect(title(page)).toHaveText('See what every request goes through', PATIENT);
    await page.getByRole('link', { name: TITLE }).click();
    await expect(title(page)).toHaveText('The lab did not arrive', PATIENT);
    await expect(title(page)).toBeFocused();
    await button(page, 'Try again').click();
    await expect(title(page)).toHaveText('The lab did not arrive', PATIENT);
    await page.unroute(LESSON);
    await button(page, 'Try again').click();
    await expect(title(page)).toHaveText(TITLE, PATIENT);
    await expect(button(page, 'Play')).toBeVisible();
  });

  test('because the site is another version by now: it is loaded anew', async ({ page }) => {
    await page.route(SCENARIO, route => route.fulfill({ status: 404, body: 'not found' }));
    await page.goto(`?lab=${LAB}`);
    await expect(page.getByRole('main')).toContainText('updated just now', PATIENT);
    await page.unroute(SCENARIO);
    const loaded = page.waitForEvent('load');
    await button(page, 'Try again').click();
    await loaded;
    await expect(title(page)).toHaveText(TITLE, PATIENT);
  });
});
