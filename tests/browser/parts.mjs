// Parts of a lab's page, as the specs speak of them.

import { readdir } from 'node:fs/promises';

/** Every lab that the project has, as `topic/name`, in order. */
export async function labIds() {
  const files = await readdir(new URL('../../src/labs', import.meta.url), { recursive: true });
  return files.filter(file => file.endsWith('.json')).map(file => file.slice(0, -'.json'.length).replaceAll('\\', '/')).sort();
}

/** Loaded machines draw few frames a second. */
export const PATIENT = { timeout: 20_000 };

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const moment = page => page.getByRole('slider', { name: 'Moment' });
export const shownTime = async page => parseFloat((await page.getByLabel('Simulated time').textContent()).replace(/[^\d.]/g, ''));

/** What the stage shows, as one string for each canvas. */
export const pixels = page =>
  page.evaluate(() => [...document.querySelectorAll('.stage-panel canvas')].map(canvas => canvas.toDataURL()).join());
