// Parts of a lab's page, as the specs speak of them.

/** Loaded machines draw few frames a second. */
export const PATIENT = { timeout: 20_000 };

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const moment = page => page.getByRole('slider', { name: 'Moment' });
export const shownTime = async page => parseFloat((await page.getByLabel('Simulated time').textContent()).replace(/[^\d.]/g, ''));

/** What the stage shows, as one string for each canvas. */
export const pixels = page =>
  page.evaluate(() => [...document.querySelectorAll('.stage-panel canvas')].map(canvas => canvas.toDataURL()).join());
