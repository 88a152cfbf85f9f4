// What is handed to the page: links and scenarios as files, dropped or pasted; and that none of them costs work.

import { readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { fragment, pack } from './link.mjs';
import { PATIENT, button, moment, shownTime } from './parts.mjs';

const LAB = '?lab=load-balancing/one-slow-server';
const made = async name => JSON.parse(await readFile(new URL(`../../src/labs/load-balancing/${name}.json`, import.meta.url), 'utf8'));
const ONE_SLOW = await made('one-slow-server');
const MINE = { ...await made('unequal-servers'), title: 'Mine' };
const LINK = fragment(MINE);

const title = page => page.getByRole('heading', { level: 1 });
const question = page => page.getByRole('dialog', { name: 'Open it, and leave your changes?' });
const leastConnections = page => page.getByRole('radio', { name: 'Least conn.' });

test.beforeEach(() => test.slow());

/** As the browser does it when Ctrl+V is pressed. */
const paste = (page, text) => page.evaluate(text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', text);
  (document.activeElement ?? document.body).dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}, text);

/** Text, or a file if it has a name. */
const drop = (page, text, name = '') => page.evaluate(([text, name]) => {
  const dataTransfer = new DataTransfer();
  if (name) dataTransfer.items.add(new File([text], name));
  else dataTransfer.setData('text/plain', text);
  const target = document.querySelector('main');
  const hovers = new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true });
  target.dispatchEvent(hovers);
  target.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  return hovers.defaultPrevented;
}, [text, name]);

async function openLab(page) {
  await page.goto(LAB);
  await expect(button(page, 'Play')).toBeVisible(PATIENT);
}

/** The learner's own: another policy from the start. */
async function change(page) {
  await leastConnections(page).check({ force: true });
  await expect(leastConnections(page)).toBeChecked();
}

for (const [what, text] of [
  ['a link', `https://elsewhere.example/courses/${LINK}`],
  ['a link in a sentence', `Look at this: http://localhost:8080/${LINK} (mine)`],
  ['a fragment', LINK],
  ['a fragment without its #', LINK.slice(1)],
  ['a scenario', JSON.stringify(MINE, null, 2)],
]) {
  test(`${what} that is pasted opens, and Back leads back`, async ({ page }) => {
    await openLab(page);
    await paste(page, `\n ${text}\n`);
    await expect(title(page)).toHaveText('Mine', PATIENT);
    await expect(title(page)).toBeFocused();
    await page.goBack();
    await expect(title(page)).toHaveText('One slow server', PATIENT);
  });
}

test('the first page takes what is pasted and dropped too @phone', async ({ page, baseURL }) => {
  await page.goto('');
  await title(page).waitFor();
  await paste(page, `${baseURL}${LAB}&seed=9`);
  await expect(title(page)).toHaveText('One slow server', PATIENT);
  await expect(page.getByText('Seed 9')).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(baseURL);
  await title(page).waitFor();
  expect(await drop(page, JSON.stringify(MINE), 'mine.json')).toBe(true);
  await expect(title(page)).toHaveText('Mine', PATIENT);
  await page.goBack();
  await expect(page).toHaveURL(baseURL);
  await drop(page, LINK);
  await expect(title(page)).toHaveText('Mine', PATIENT);
});

for (const [what, come] of [['pasted', paste], ['dropped', drop]]) {
  test(`what is no good in a ${what} link is named, the rest of it holds`, async ({ page }) => {
    await openLab(page);
    await come(page, `https://elsewhere.example/${LAB}&seed=-1&speed=2&edit=all&p.lb.policy=nonsense`);
    const said = page.getByRole('alert');
    await expect(said).toContainText('“seed=-1”', PATIENT);
    await expect(said).toContainText('“edit=all”: full or knobs or none is wanted');
    await expect(said).toContainText('lb.policy');
    await expect.poll(() => page.url(), PATIENT).toMatch(/speed=2$/);
    // Said once: the address holds what is good, and Back and Forward lead to it.
    await page.goBack();
    await expect(said).toBeEmpty(PATIENT);
    await page.goForward();
    await expect(title(page)).toHaveText('One slow server', PATIENT);
    await expect(said).toBeEmpty();
  });
}

test('what is no good in a link that the whole page opens is named there', async ({ page }) => {
  await openLab(page);
  await paste(page, 'https://elsewhere.example/?lab=caching/eviction-race&speed=fast');
  await expect(title(page)).toHaveText('Eviction race on one stream', PATIENT);
  expect(page.url()).toContain('/all/');
  await expect(page.getByRole('alert')).toContainText('“speed=fast” in the address is left out', PATIENT);
});

test('an address of more settings and characters than any needs takes no time and no part of the page', async ({ page, baseURL }) => {
  await openLab(page);
  const many = Array.from({ length: 100 }, (_, n) => `p.lb.policy=${n % 2 ? 'random' : 'two-choices'}`).join('&');
  await paste(page, `${baseURL}${LAB}&${many}&p.servers.workers=3`);
  const said = page.getByRole('alert');
  await expect(said).toContainText('at most 64 settings are taken', PATIENT);
  await expect(said).toContainText('and 31 more');
  await expect(said.getByRole('listitem')).toHaveCount(7);
  await expect(page.getByRole('radio', { name: 'Random' })).toBeChecked();
  await paste(page, `${baseURL}${LAB}&${'p.lb.policy=random&'.repeat(100_000)}${LINK}`);
  await expect(title(page)).toHaveText('Mine', PATIENT);
  await expect(said).toContainText('What stands after “?” in the address is left out: it has more than 16384 characters', PATIENT);
});

test('what is none is said with the place, and what is on the page stays', async ({ page }) => {
  await openLab(page);
  await change(page);
  await moment(page).fill('500');
  await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(1);
  const at = await shownTime(page);
  const said = page.getByRole('alert');
  for (const [text, why] of [
    ['hello', '“hello” is neither a link nor a scenario'],
    ['https://elsewhere.example/', 'is neither a link nor a scenario'],
    [`https://elsewhere.example/${LINK.slice(0, -3)}`, 'its end is missing'],
    [LINK.replace('#s1.', '#s9.'), 'made by a newer version'],
    ['https://elsewhere.example/?lab=no/such', 'There is no lab “no/such”'],
    ['{"v":1,"nodes":[}', /line 1.*column/],
    [JSON.stringify({ ...MINE, nodes: MINE.nodes.map(node => ({ ...node, workers: node.kind === 'servers' ? -4 : undefined })) }), /servers\.workers/],
    [pack(JSON.stringify({ ...MINE, seed: 'x' })), /seed/],
    ['[1,2,3]', 'a scenario is an object'],
    ['<img src=x onerror=globalThis.owned=1>', '“<img src=x onerror=globalThis.owned=1>”'],
  ]) {
    await paste(page, text);
    await expect(said, text).toContainText(why, PATIENT);
    while (await page.getByRole('button', { name: 'Dismiss' }).count()) await page.getByRole('button', { name: 'Dismiss' }).first().click();
  }
  expect(await page.evaluate(() => globalThis.owned)).toBeUndefined();
  await expect(title(page)).toHaveText('One slow server');
  await expect(leastConnections(page)).toBeChecked();
  expect(await shownTime(page)).toBe(at);
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('a picture is called one, wherever it is dropped', async ({ page }) => {
  const dropped = () => page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array([0x89, 0x50, 0x4e, 0x47])], 'sweep.png', { type: 'image/png' }));
    document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.goto('');
  await expect(title(page)).toBeVisible(PATIENT);
  await dropped();
  await expect(page.getByRole('alert')).toContainText('“sweep.png” is a picture', PATIENT);
  await openLab(page);
  await dropped();
  await expect(page.getByRole('dialog')).toContainText('“sweep.png” is a picture', PATIENT);
  await expect(page.getByRole('dialog')).not.toContainText('used as a log');
});

test('by keyboard alone: the dialog takes a link, says what is wrong with one, and gives the focus back', async ({ page }) => {
  await openLab(page);
  await button(page, 'Open file').focus();
  await page.keyboard.press('Enter');
  const field = page.getByLabel('Or paste a link or a scenario');
  await field.focus();
  // In a field pasted text is text.
  await paste(page, LINK);
  await expect(title(page)).toHaveText('One slow server');
  await field.fill('nothing of the kind');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('“nothing of the kind” is neither a link nor a scenario');
  await expect(page.getByRole('dialog')).toContainText('The present scenario is unchanged.');
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(button(page, 'Open file')).toBeFocused();
  await page.keyboard.press('Enter');
  await field.fill(LINK);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(title(page)).toHaveText('Mine', PATIENT);
});

test('a lab that was saved as a file comes back with its lesson', async ({ page }) => {
  await page.goto('');
  await title(page).waitFor();
  await drop(page, JSON.stringify({ ...ONE_SLOW, seed: 5 }), 'one-slow-server.json');
  await expect(page.getByText('Seed 5')).toBeVisible(PATIENT);
  await expect(page.getByRole('tab', { name: 'Lesson' })).toBeVisible();
});

test('a link that asks for a source is opened like any address', async ({ page }) => {
  await page.route('https://scenarios.example/**', route => route.fulfill({ contentType: 'application/json', headers: { 'access-control-allow-origin': '*' }, body: JSON.stringify(MINE) }));
  await openLab(page);
  await paste(page, 'https://elsewhere.example/?src=https://scenarios.example/mine.json');
  await expect(title(page)).toHaveText('Mine', PATIENT);
  await expect(page.getByRole('alert')).toContainText('scenarios.example');
});
test.use({ allowed: [/^off-site: https:\/\/scenarios\.example/] });

test.describe('with changes of one\'s own', () => {
  /** The ways in which another experiment can come. */
  const ways = {
    'a pasted link': page => paste(page, LINK),
    'a dropped link': page => drop(page, LINK),
    'a pasted scenario': page => paste(page, JSON.stringify(MINE)),
    'a dropped file': page => drop(page, JSON.stringify(MINE), 'mine.json'),
    'another fragment in the address bar': page => page.evaluate(hash => { location.hash = hash; }, LINK),
    'a chosen file': async page => {
      await button(page, 'Open file').click();
      await page.getByLabel(/Choose a file/).setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(MINE)) });
    },
  };
  for (const [what, come] of Object.entries(ways)) {
    test(`${what} asks first; kept, everything is as it was; opened, Back brings it back`, async ({ page }) => {
      await openLab(page);
      await change(page);
      await moment(page).fill('700');
      await expect.poll(() => shownTime(page), PATIENT).toBeGreaterThan(2);
      await expect.poll(() => page.url(), PATIENT).toContain('#s1.');
      const [at, address] = [await shownTime(page), page.url()];

      await come(page);
      await expect(question(page)).toBeVisible(PATIENT);
      await expect(question(page)).toContainText('You have changed “One slow server”');
      await expect(button(page, 'Keep mine')).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(question(page)).toHaveCount(0);
      await expect(title(page)).toHaveText('One slow server');
      await expect(leastConnections(page)).toBeChecked();
      expect(await shownTime(page)).toBe(at);
      await expect.poll(() => page.url(), PATIENT).toBe(address);

      await come(page);
      await expect(question(page)).toContainText('Back brings it back', PATIENT);
      await button(page, 'Open it').click();
      await expect(title(page)).toHaveText('Mine', PATIENT);
      await page.goBack();
      // Where the address bar was used and mine was kept, its entry holds mine too.
      await expect(title(page)).toHaveText('One slow server', PATIENT);
      await expect(leastConnections(page)).toBeChecked();
    });
  }

  test('Back and Forward go without a question', async ({ page, baseURL }) => {
    await page.goto('');
    await page.getByRole('link', { name: /One slow server/ }).first().click();
    await expect(button(page, 'Play')).toBeVisible(PATIENT);
    await change(page);
    await expect.poll(() => page.url(), PATIENT).toContain('#s1.');
    await page.goBack();
    await expect(page).toHaveURL(baseURL);
    await page.goForward();
    await expect(leastConnections(page)).toBeChecked(PATIENT);
    await expect(question(page)).toHaveCount(0);
  });

  test('where Back cannot bring it back, that is said, and it is saved as a file', async ({ page }) => {
    await openLab(page);
    await button(page, 'Open file').click();
    await page.getByLabel(/Choose a file/).setInputFiles(new URL('../fixtures/nginx/access.log', import.meta.url).pathname);
    await button(page, 'Replay it').click();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await paste(page, LINK);
    await expect(question(page)).toContainText('Back will not bring yours back', PATIENT);
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Save mine as a file').click()]);
    const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
    expect(JSON.stringify(saved)).toContain('log');
    await page.keyboard.press('Escape');
    await expect(title(page)).toHaveText('One slow server');
    // The lab as it was before the log.
    await page.goBack();
    await expect(title(page)).toHaveText('One slow server');
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing in the question, ${colorScheme}; the focus stays in it and comes back @phone`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await openLab(page);
      if (await page.getByRole('tab', { name: 'Controls' }).count()) await page.getByRole('tab', { name: 'Controls' }).click();
      await change(page);
      await button(page, 'Share link').focus();
      await paste(page, LINK);
      await expect(question(page)).toBeVisible(PATIENT);
      await axe(page);
      for (let presses = 0; presses < 8; presses++) {
        await page.keyboard.press('Tab');
        expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null)).toBe(true);
      }
      await page.keyboard.press('Escape');
      await expect(question(page)).toHaveCount(0);
      await expect(button(page, 'Share link')).toBeFocused();
    });
  }

  test('in a frame a dropped file asks too, and the history around it stays as it is', async ({ page, baseURL }) => {
    await page.goto(`embed.html${LAB}`);
    await expect(leastConnections(page)).toBeVisible(PATIENT);
    const before = await page.evaluate(() => history.length);
    await change(page);
    await drop(page, JSON.stringify(MINE), 'mine.json');
    await expect(question(page)).toContainText('Back will not bring yours back', PATIENT);
    await button(page, 'Open it').click();
    await expect(title(page)).toHaveText('Mine', PATIENT);
    expect(await page.evaluate(() => history.length)).toBe(before);
    expect(page.url()).toContain(`${baseURL}embed.html`);
  });
});
