// Every lab by keyboard alone, and what axe-core says of it: one page, from lab to lab.

import { readdir, readFile } from 'node:fs/promises';
import { axe, expect, test } from './fixtures.mjs';
import { PATIENT } from './parts.mjs';
import { DIST } from './serve.mjs';

/** Presses of Tab between two looks at where it is. */
const PRESSES = 20;
/** No page has so many stops. */
const STOPS_MAX = 400;

/** Every lab of the built site, with its title. */
async function labs() {
  const folder = (await readdir(DIST)).find(name => name.startsWith('labs-'));
  const files = (await readdir(`${DIST}/${folder}`, { recursive: true })).filter(file => file.endsWith('.json'));
  return Promise.all(files.sort().map(async file => {
    const { title } = JSON.parse(await readFile(`${DIST}/${folder}/${file}`, 'utf8'));
    return { id: file.slice(0, -'.json'.length), title };
  }));
}

/**
 * Notes in the page where the focus goes: the part of the page, its name, whether it can be seen, and whether it looks
 * other with the focus than without.
 */
function watch() {
  const PARTS = { stage: '.stage', transport: '.transport', tabs: '[role=tablist]', panel: '[role=tabpanel]', charts: '.charts', head: 'header' };
  const look = element => {
    const around = [element, element.closest('label'), element.parentElement, element.nextElementSibling].filter(Boolean);
    return around.map(it => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor } = getComputedStyle(it);
      return [outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor].join();
    }).join('|');
  };
  const seen = element => {
    const boxes = [element, element.closest('label')].filter(Boolean).map(it => it.getBoundingClientRect());
    return boxes.some(({ width, height, right, bottom, left, top }) =>
      width >= 1 && height >= 1 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight);
  };
  const stops = globalThis.__stops = [];
  globalThis.__left = false;
  let last;
  const leave = () => {
    if (last) last.stop.differs = look(last.element) !== last.look;
    last = undefined;
  };
  document.addEventListener('focusin', ({ target }) => {
    leave();
    const part = Object.keys(PARTS).find(part => target.closest(PARTS[part])) ?? '';
    const name = target.getAttribute('aria-label') ?? target.closest('label')?.textContent ?? target.textContent ?? '';
    const again = stops.some(stop => stop.element === target);
    if (again) globalThis.__left = true;
    const stop = { element: target, part, name: name.trim().slice(0, 60), tag: target.localName, seen: seen(target) };
    if (!again) stops.push(stop);
    last = { element: target, look: look(target), stop };
  });
  document.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget) return;
    // Once the focus has gone, the element looks as it does without.
    queueMicrotask(leave);
    if (stops.length > 3) globalThis.__left = true;
  });
}

/** Tab from the top of the page until the focus leaves it; every stop on the way. */
async function stops(page) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection()?.removeAllRanges();
    globalThis.__stops.length = 0;
    globalThis.__left = false;
    scrollTo(0, 0);
  });
  for (let pressed = 0; pressed < STOPS_MAX; pressed += PRESSES) {
    for (let press = 0; press < PRESSES; press++) await page.keyboard.press('Tab');
    if (await page.evaluate(() => globalThis.__left)) break;
  }
  return page.evaluate(() => ({
    left: globalThis.__left,
    all: globalThis.__stops.map(({ part, name, tag, seen, differs }) => ({ part, name, tag, seen, differs })),
  }));
}

const lost = all => all.filter(stop => !stop.seen || stop.differs === false).map(({ part, tag, name }) => `${part} ${tag} “${name}”`);

/** The lesson is reached from its tab, by arrows, and can itself be reached. */
async function lesson(page) {
  await page.getByRole('tab', { selected: true }).first().focus();
  await page.keyboard.press('Home');
  const chosen = page.getByRole('tab', { selected: true }).first();
  await expect(chosen).toBeFocused();
  if (await chosen.textContent() !== 'Lesson') return false;
  await page.keyboard.press('Tab');
  return page.evaluate(() => document.activeElement?.closest('[role=tabpanel]')?.querySelectorAll('h2, h3, p').length > 3);
}

const HALVES = 2;

for (let half = 0; half < HALVES; half++) {
  test(`every lab by keyboard alone, and axe finds nothing: part ${half + 1} of ${HALVES}`, async ({ page }) => {
    test.setTimeout(600_000);
    const mine = (await labs()).filter((_, index) => index % HALVES === half);
    expect(mine.length).toBeGreaterThan(20);
    await page.goto(`all/?lab=${mine[0].id}`);
    await page.evaluate(watch);
    for (const { id, title } of mine) {
      await page.evaluate(address => {
        history.pushState(true, '', address);
        dispatchEvent(new PopStateEvent('popstate', { state: true }));
      }, `?lab=${id}`);
      await expect(page.getByRole('heading', { level: 1 }), id).toHaveText(title, PATIENT);
      await expect(page.locator('.stage .target').first(), id).toBeAttached(PATIENT);
      await axe(page);
      const { left, all } = await stops(page);
      expect(left, `${id}: the focus leaves the page`).toBe(true);
      expect(lost(all), `${id}: the focus is seen`).toEqual([]);
      const parts = new Set(all.map(stop => stop.part));
      for (const part of ['head', 'stage', 'transport', 'tabs', 'panel', 'charts']) {
        expect(parts, `${id}: ${part} is reached`).toContain(part);
      }
      expect(await lesson(page), `${id}: the lesson is reached`).toBe(true);
    }
  });
}
