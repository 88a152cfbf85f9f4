// Frames on pages of others: what they may do, what they tell, and what they leave alone.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { expect, test } from './fixtures.mjs';
import { fragment } from './link.mjs';
import { PATIENT } from './parts.mjs';
import { OPEN, serve } from './serve.mjs';

const LAB = 'lab=load-balancing/one-slow-server';
const MADE = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/one-slow-server.json', import.meta.url), 'utf8'));
// The policy of the site; frames of another site are what this is about.
test.use({ allowed: [/^off-site: /] });
test.beforeEach(() => test.slow());

/** Shows `body` on a page of another site: another name of this machine. `headers` are that page's. */
async function host(page, body, headers = {}) {
  const server = createServer((_, response) => {
    const html = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Course</title>${body}`;
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(html);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  page.on('close', () => server.close());
  await page.goto(`http://localhost:${server.address().port}/`);
}

const inside = page => page.frameLocator('iframe').first();
const play = frame => frame.getByRole('button', { name: 'Play', exact: true });
const time = async frame => parseFloat((await frame.getByLabel('Simulated time').textContent()).replace(/[^\d.]/g, ''));

/** Connects as a page does that has no script of ours, and keeps what is heard in `heard`. */
const connect = page => page.evaluate(() => new Promise(resolve => {
  const frame = document.querySelector('iframe');
  const heard = globalThis.heard = [];
  let n = 0;
  const knocking = setInterval(() => frame.contentWindow.postMessage({ switchyard: 1, type: 'hello' }, '*'), 300);
  addEventListener('message', function once({ source, data }) {
    if (source !== frame.contentWindow || data.type !== 'ready') return;
    // Whoever connects again has no answer to what was asked through the port before.
    clearInterval(knocking);
    removeEventListener('message', once);
    const { port1, port2 } = new MessageChannel();
    const open = new Map();
    port1.onmessage = ({ data }) => (open.has(data.n) ? open.get(data.n)(data) : heard.push(data));
    globalThis.request = (type, fields = {}) => new Promise(done => { open.set(++n, done); port1.postMessage({ n, type, ...fields }); });
    globalThis.port = port1;
    frame.contentWindow.postMessage({ switchyard: 1, type: 'connect', id: data.id }, '*', [port2]);
    resolve(data);
  });
}));
const request = (page, type, fields) => page.evaluate(([type, fields]) => globalThis.request(type, fields), [type, fields]);

test('a lab on a page of another site starts by a press, and the host keeps focus, scroll and history @phone', async ({ page, baseURL }) => {
  await host(page, `<body><input autofocus><p>Above</p><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}"></iframe><div style="height:3000px"></div><a href="#x">After</a>`);
  const frame = inside(page);
  await expect(frame.getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
  await expect(frame.getByRole('heading', { level: 1 })).toHaveText('One slow server');
  expect(await page.evaluate(() => [document.activeElement.tagName, scrollY, history.length])).toEqual(['INPUT', 0, 2]);
  await frame.getByRole('button', { name: /Start/ }).click();
  await expect.poll(() => time(frame), PATIENT).toBeGreaterThan(0.65);
  await frame.getByRole('button', { name: 'Pause', exact: true }).click();
  expect(await page.evaluate(() => [scrollY, history.length])).toEqual([0, 2]);
});

test('the wheel over a frame scrolls the page around it, and Tab enters and leaves', async ({ page, baseURL }) => {
  await host(page, `<body style="margin:0"><button>Before</button><iframe title="Lab" style="display:block" width="700" height="400" src="${baseURL}embed.html?${LAB}&show=stage,transport"></iframe><button>After</button><div style="height:3000px"></div>`);
  await expect(play(inside(page))).toBeVisible(PATIENT);
  await page.mouse.move(300, 200);
  // A wheel that turns before the frame is known to whoever scrolls moves nothing.
  await expect(async () => {
    await page.mouse.wheel(0, 300);
    await expect.poll(() => page.evaluate(() => scrollY), { timeout: 2000 }).toBeGreaterThan(100);
  }).toPass(PATIENT);
  await page.getByRole('button', { name: 'Before' }).focus();
  await page.keyboard.press('Tab');
  await expect.poll(() => page.evaluate(() => document.activeElement.tagName), PATIENT).toBe('IFRAME');
  for (let presses = 0; presses < 60 && await page.evaluate(() => document.activeElement.textContent !== 'After'); presses++) await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'After' })).toBeFocused();
});

test('out of sight it stands still', async ({ page, baseURL }) => {
  await host(page, `<body><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}&start=auto"></iframe><div style="height:5000px"></div>`);
  const frame = inside(page);
  await expect.poll(() => time(frame), PATIENT).toBeGreaterThan(0.65);
  await page.evaluate(() => scrollTo(0, 4000));
  await page.waitForTimeout(500);
  const still = await time(frame);
  await page.waitForTimeout(700);
  expect(await time(frame)).toBe(still);
  await page.evaluate(() => scrollTo(0, 0));
  await expect.poll(() => time(frame), PATIENT).toBeGreaterThan(still);
});

test.describe('in a sandbox with nothing but scripts', () => {
  test.use({ allowed: [/^off-site: |CORS|Failed to load|ERR_FAILED/] });
  for (const [what, extra, check] of [
    ['it runs where its site allows it', OPEN, async frame => {
      await frame.getByRole('button', { name: /Start/ }).click(PATIENT);
      await expect.poll(() => time(frame), PATIENT).toBeGreaterThan(0.65);
      await expect(frame.getByText('Progress is not saved here.').first()).toBeVisible();
    }],
    ['it says why not where its site does not', {}, async frame => {
      await expect(frame.getByRole('heading', { name: 'This frame may not load Switchyard' })).toBeVisible(PATIENT);
    }],
  ]) {
    test(what, async ({ page }) => {
      const site = await serve({ extra });
      await host(page, `<body><iframe title="Lab" sandbox="allow-scripts" width="1200" height="900" src="${site.address}embed.html?${LAB}&show=stage,transport,challenge"></iframe>`);
      await check(inside(page));
      site.stop();
    });
  }
});

test('a page that isolates itself (COEP) and forbids all scripts may show it', async ({ page }) => {
  const site = await serve({ extra: OPEN });
  await host(page, `<body><iframe title="Lab" width="700" height="500" src="${site.address}embed.html?${LAB}"></iframe>`, {
    'cross-origin-embedder-policy': 'require-corp',
    'content-security-policy': `default-src 'none'; img-src data:; frame-src ${site.address}`,
  });
  await expect(play(inside(page))).toBeVisible(PATIENT);
  site.stop();
});

test('the element, on a page that isolates itself and allows nothing but this site\'s script and frames', async ({ page }) => {
  const site = await serve({ extra: OPEN });
  await host(page, `<script type="module" src="${site.address}embed.js"></script><body><switchyard-lab lab="load-balancing/one-slow-server" height="480"><a href="${site.address}">Open the lab</a></switchyard-lab>`, {
    'cross-origin-embedder-policy': 'require-corp',
    'content-security-policy': `default-src 'none'; img-src data:; script-src ${site.address}; frame-src ${site.address}; require-trusted-types-for 'script'`,
  });
  await inside(page).getByRole('button', { name: /Start/ }).click(PATIENT);
  await expect.poll(() => time(inside(page)), PATIENT).toBeGreaterThan(0.65);
  expect(await page.evaluate(() => document.querySelector('switchyard-lab').request('get').then(({ scenario }) => scenario.title))).toBe('One slow server');
  await site.stop();
});

test('in a narrow column nothing is cut', async ({ page, baseURL }) => {
  await host(page, `<body><iframe title="Lab" width="300" height="500" src="${baseURL}embed.html?${LAB}"></iframe>`);
  await expect(play(inside(page))).toBeVisible(PATIENT);
  expect(await inside(page).locator('.transport').evaluate(bar => bar.scrollWidth - bar.clientWidth)).toBe(0);
});

test('with wheel=on the frame takes the wheel for itself', async ({ page, baseURL }) => {
  await host(page, `<body style="margin:0"><iframe title="Lab" style="display:block" width="700" height="300" src="${baseURL}embed.html?${LAB}&wheel=on"></iframe><div style="height:3000px"></div>`);
  await expect(play(inside(page))).toBeVisible(PATIENT);
  await page.mouse.move(300, 280);
  await page.mouse.wheel(0, 120);
  await expect.poll(() => inside(page).locator('html').evaluate(root => root.scrollTop), PATIENT).toBeGreaterThan(50);
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

test('what is no good in a frame\'s address is named in it', async ({ page, baseURL }) => {
  await host(page, `<body><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}&theme=pink&height=9"></iframe>`);
  for (const said of ['“theme=pink”', '“height=9”']) await expect(inside(page).getByRole('alert')).toContainText(said, PATIENT);
  await expect(play(inside(page))).toBeVisible();
});

test('a scenario from elsewhere is fetched only when somebody agrees', async ({ page, baseURL }) => {
  const asked = [];
  await page.route('https://scenarios.example/**', route => {
    asked.push(route.request().headers());
    return route.fulfill({ contentType: 'application/json', headers: { 'access-control-allow-origin': '*' }, body: JSON.stringify({ ...MADE, title: 'From elsewhere' }) });
  });
  await host(page, `<body><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?src=https://scenarios.example/a.json"></iframe>`);
  await expect(inside(page).getByText('comes from scenarios.example')).toBeVisible(PATIENT);
  await page.waitForTimeout(500);
  expect(asked).toEqual([]);
  await inside(page).getByRole('button', { name: 'Load it' }).click();
  await expect(inside(page).getByRole('heading', { level: 1 })).toHaveText('From elsewhere', PATIENT);
  expect(asked.length).toBe(1);
  expect(asked[0].cookie ?? asked[0].referer).toBeUndefined();
});

test.describe('where scripts are off', () => {
  test.use({ javaScriptEnabled: false });
  test('the element\'s link is shown, and a frame says what it needs', async ({ page, baseURL }) => {
    await page.goto('examples/lesson.html');
    await expect(page.getByRole('link', { name: 'Open the lab “One slow server”' })).toBeVisible();
    await page.goto(`${baseURL}embed.html?${LAB}`);
    await expect(page.locator('noscript p')).toContainText('needs JavaScript');
  });
});

test('a frame that names nothing says so', async ({ page }) => {
  await page.goto('embed.html');
  await expect(page.getByRole('heading', { name: 'Nothing to show' })).toBeVisible(PATIENT);
});

test('messages: every request is answered, and what happens is told', async ({ page, baseURL }) => {
  await host(page, `<body><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}&id=mine"></iframe>`);
  const ready = await connect(page);
  expect(ready).toMatchObject({ switchyard: 1, id: 'mine', version: /\d/ });
  expect(Object.keys(ready)).not.toContain('subject');
  const got = (await request(page, 'get')).result;
  expect(got.scenario.title).toBe('One slow server');
  expect(got.link).toMatch(/^s1\./);
  // A slow machine is on its way to the moment that is shown first.
  await expect.poll(async () => (await request(page, 'get')).result.metrics.total.requests, PATIENT).toBeGreaterThan(0);

  expect(await request(page, 'set', { path: 'lb.policy', value: 'two-choices' })).toMatchObject({ ok: true });
  expect(await request(page, 'set', { path: 'lb.policy', value: 'nonsense' })).toMatchObject({ ok: false, error: { code: 'scenario', path: expect.stringContaining('policy') } });
  expect(await request(page, 'check', { scenario: { v: 1, nodes: 7 } })).toMatchObject({ ok: false, error: { code: 'scenario' } });
  expect(await request(page, 'check', { scenario: got.scenario })).toMatchObject({ ok: true });
  expect(await request(page, 'seek', { t_ms: -1 })).toMatchObject({ ok: false });
  expect(await request(page, 'teapot')).toMatchObject({ ok: false, error: { code: 'unknown' } });
  expect(await request(page, 'theme', { theme: 'dark' })).toMatchObject({ ok: true });
  await expect(inside(page).locator('html')).toHaveAttribute('data-theme', 'dark');
  await request(page, 'play');
  await expect.poll(() => page.evaluate(() => heard.some(({ type, running }) => type === 'state' && running)), PATIENT).toBe(true);
  await expect.poll(() => page.evaluate(() => heard.some(({ type }) => type === 'metrics')), PATIENT).toBe(true);
  // Before the first moment has passed, what is set would belong to the start and be no change.
  await expect.poll(async () => (await request(page, 'get')).result.state.t_ms, PATIENT).toBeGreaterThan(0);
  await request(page, 'pause');
  await request(page, 'set', { path: 'lb.policy', value: 'least-connections' });
  await expect.poll(() => page.evaluate(() => heard.find(({ type }) => type === 'change')?.changes[0].set), PATIENT).toEqual({ policy: expect.anything() });
  await request(page, 'seek', { t_ms: got.scenario.duration_ms });
  await expect.poll(() => page.evaluate(() => heard.find(({ type }) => type === 'completed')), PATIENT).toMatchObject({ score: expect.any(Number), success: expect.any(Boolean) });
  await request(page, 'load', { scenario: { ...got.scenario, title: 'Another' } });
  await expect(inside(page).getByRole('heading', { level: 1 })).toHaveText('Another');
});

test('messages: steps, starts anew, takes links, and says no to what it cannot do', async ({ page, baseURL }) => {
  await host(page, `<body><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}"></iframe>`);
  await connect(page);
  const at = async () => (await request(page, 'get')).result.state.t_ms;
  await request(page, 'seek', { t_ms: 1000 });
  await expect.poll(at, PATIENT).toBe(1000);
  expect(await request(page, 'step')).toMatchObject({ ok: true });
  await expect.poll(at, PATIENT).toBeGreaterThan(1000);
  expect(await request(page, 'reset')).toMatchObject({ ok: true });
  await expect.poll(at, PATIENT).toBe(0);
  const { link } = (await request(page, 'get')).result;
  expect(await request(page, 'check', { link })).toMatchObject({ ok: true });
  expect(await request(page, 'check', { link: link.slice(0, -2) })).toMatchObject({ ok: false, error: { code: 'link', message: expect.stringContaining('its end is missing') } });
  expect(await request(page, 'load', { link: `https://elsewhere.example/${fragment({ ...MADE, title: 'By a link' })}` })).toMatchObject({ ok: true });
  await expect(inside(page).getByRole('heading', { level: 1 })).toHaveText('By a link');
  expect(await request(page, 'load', { link: 's1.AAAA.0000000' })).toMatchObject({ ok: false });
  expect(await request(page, 'load', { scenario: { ...MADE, nodes: [] } })).toMatchObject({ ok: false });
  await expect(inside(page).getByRole('heading', { level: 1 })).toHaveText('By a link');
  expect(await request(page, 'lang', { lang: 'en-GB' })).toMatchObject({ ok: true });
  expect(await request(page, 'lang', { lang: 'de' })).toMatchObject({ ok: false, error: { code: 'lang' } });
  expect(await request(page, 'theme', { theme: 'pink' })).toMatchObject({ ok: false });

  // Figures come at most four times a second, whoever listens for how long.
  await request(page, 'play');
  const told = await page.evaluate(async () => {
    await new Promise(done => setTimeout(done, 500));
    heard.length = 0;
    const began = performance.now();
    await new Promise(done => setTimeout(done, 3000));
    return { count: heard.filter(({ type }) => type === 'metrics').length, seconds: (performance.now() - began) / 1000 };
  });
  expect(told.count).toBeGreaterThan(0);
  // On a busy machine those of the second before may come late, too. Without the limit there would be ten a second.
  expect(told.count).toBeLessThanOrEqual(Math.ceil(4 * told.seconds) + 5);
  // Slides stop it, and start again what they stopped.
  const running = async () => (await request(page, 'get')).result.state.running;
  const slide = text => page.evaluate(text => document.querySelector('iframe').contentWindow.postMessage(text, '*'), text);
  await slide('slide:stop');
  await expect.poll(running, PATIENT).toBe(false);
  await slide('slide:start');
  await expect.poll(running, PATIENT).toBe(true);
});

test('forged, flooding and oversized messages change nothing', async ({ page, baseURL }) => {
  await host(page, `<body><iframe title="Other" src="about:blank"></iframe><iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}&id=mine"></iframe>`);
  const frame = page.frameLocator('iframe[title=Lab]');
  await expect(play(frame)).toBeVisible(PATIENT);
  const answers = await page.evaluate(async () => {
    const lab = document.querySelector('iframe[title=Lab]').contentWindow;
    const talk = (post, id) => new Promise(resolve => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      post({ switchyard: 1, type: 'connect', id }, port2);
      port1.postMessage({ n: 1, type: 'play' });
      setTimeout(() => resolve(null), 800);
    });
    const other = document.querySelector('iframe[title=Other]').contentWindow;
    // From a window that is not the parent: a function of the other frame posts it.
    const send = new other.Function('lab', 'message', 'port', 'lab.postMessage(message, "*", [port])');
    const forged = await talk((message, port) => send(lab, message, port), 'mine');
    const wrongId = await talk((message, port) => lab.postMessage(message, '*', [port]), 'yours');
    return { forged, wrongId };
  });
  expect(answers.wrongId).toBeNull();
  await expect(play(frame)).toBeVisible();

  const flooded = await page.evaluate(async () => {
    const lab = document.querySelector('iframe[title=Lab]').contentWindow;
    const { port1, port2 } = new MessageChannel();
    const heard = [];
    port1.onmessage = ({ data }) => heard.push(data);
    lab.postMessage({ switchyard: 1, type: 'connect', id: 'mine' }, '*', [port2]);
    port1.postMessage({ n: 1, type: 'load', scenario: 'x'.repeat(300_000) });
    port1.postMessage({ n: 2, type: 'set', path: 'lb.policy', value: 'y'.repeat(5000) });
    port1.postMessage({ n: 'three', type: 'play' });
    port1.postMessage(null);
    for (let n = 10; n < 5000; n++) port1.postMessage({ n, type: 'pause' });
    await new Promise(done => setTimeout(done, 1500));
    return { answers: heard.filter(({ n }) => n !== undefined).length, rate: heard.some(({ code }) => code === 'rate'), big: heard.filter(({ n }) => n === 1 || n === 2).map(({ ok }) => ok) };
  });
  expect(flooded.big).toEqual([false, false]);
  expect(flooded.rate).toBe(true);
  expect(flooded.answers).toBeLessThan(300);
  await expect(play(frame)).toBeVisible();
});

test('SPLICE: the state is asked for, the score is reported; without an answer the lab is usable', async ({ page, baseURL }) => {
  await host(page, '<body><script>globalThis.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script>'
    + `<iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}&report=splice&id=mine"></iframe>`);
  const subject = name => page.evaluate(name => heard.find(data => data.subject === name), name);
  await expect.poll(() => subject('SPLICE.getState'), PATIENT).toMatchObject({ message_id: expect.any(String), activity_id: expect.any(String) });
  await inside(page).getByRole('slider', { name: 'Moment' }).fill('4000');
  await expect.poll(() => subject('SPLICE.reportScoreAndState'), PATIENT).toMatchObject({ score: expect.any(Number), state: { link: expect.stringMatching(/^s1\./) } });
  // What was reported comes back on the next visit.
  const { state } = await subject('SPLICE.reportScoreAndState');
  await page.evaluate(state => {
    heard.length = 0;
    addEventListener('message', ({ data, source }) => {
      if (data.subject === 'SPLICE.getState') source.postMessage({ subject: 'SPLICE.getState.response', message_id: data.message_id, state }, '*');
    });
    const frame = document.querySelector('iframe');
    frame.replaceWith(frame.cloneNode());
  }, state);
  await expect.poll(() => time(inside(page)), PATIENT).toBeCloseTo(state.t_ms / 1000, 1);
});

test('xAPI: a statement without an actor; height=auto is told in every way that hosts know', async ({ page, baseURL }) => {
  await host(page, '<body><script>globalThis.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script>'
    + `<iframe title="Lab" width="700" height="500" src="${baseURL}embed.html?${LAB}&report=xapi&height=auto"></iframe>`);
  await expect.poll(() => page.evaluate(() => heard.find(data => data.subject === 'lti.frameResize')?.height), PATIENT).toBeGreaterThan(200);
  expect(await page.evaluate(() => heard.filter(data => typeof data === 'string').map(text => JSON.parse(text).context))).toContain('iframe.resize');
  await inside(page).getByRole('slider', { name: 'Moment' }).fill('4000');
  await expect.poll(() => page.evaluate(() => heard.find(data => data.type === 'xapi')), PATIENT).toMatchObject({ statement: { result: { completion: true } } });
  expect(await page.evaluate(() => JSON.stringify(heard))).not.toContain('actor');
});

test.describe('the examples', () => {
  test('a lesson: three labs, and of twenty at most three run; those come back where they were', async ({ page }) => {
    await page.goto('examples/lesson.html');
    await expect(inside(page).getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
    await page.evaluate(() => {
      document.querySelector('switchyard-lab').id = 'first';
      for (let n = 3; n < 20; n++) document.body.append(document.querySelector('switchyard-lab').cloneNode(true));
    });
    const running = () => page.evaluate(() => [...document.querySelectorAll('switchyard-lab')].filter(lab => lab.running).length);
    await inside(page).getByRole('button', { name: 'Step one request' }).click();
    await inside(page).getByRole('button', { name: 'Step one request' }).click();
    const there = await inside(page).getByLabel('Simulated time').textContent();
    let most = 0;
    for (let at = 0; at < 20; at += 2) {
      await page.evaluate(at => document.querySelectorAll('switchyard-lab')[at].scrollIntoView(), at);
      await page.waitForTimeout(400);
      most = Math.max(most, await running());
    }
    expect(most).toBeLessThanOrEqual(3);
    await expect.poll(() => page.evaluate(() => document.querySelector('#first').running), PATIENT).toBe(false);
    await page.evaluate(() => scrollTo(0, 0));
    await expect(inside(page).getByLabel('Simulated time')).toHaveText(there, PATIENT);
  });

  test('a book\'s page, and a notebook\'s in a sandbox', async ({ page }) => {
    const site = await serve({ extra: OPEN });
    for (const [file, name] of [['book', 'One slow server'], ['notebook', 'A crash, and health checks']]) {
      await page.goto(`${site.address}examples/${file}.html`);
      await expect(page.frameLocator(`iframe[title="Lab: ${name}"]`).getByRole('button', { name: /Start/ })).toBeVisible(PATIENT);
      const before = await time(inside(page));
      await inside(page).getByRole('button', { name: /Start/ }).click();
      await expect.poll(() => time(inside(page)), PATIENT).toBeGreaterThan(before);
    }
    await expect(inside(page).getByText('Progress is not saved here.').first()).toBeVisible();
    await site.stop();
  });

  test('slides start and stop their frames', async ({ page }) => {
    await page.goto('examples/deck.html');
    await page.getByRole('button', { name: 'Next' }).click();
    await expect.poll(() => time(inside(page)), PATIENT).toBeGreaterThan(0.65);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await expect(inside(page).getByRole('button', { name: 'Pause', exact: true })).toBeVisible(PATIENT);
  });

  test('an exercise is graded by its events', async ({ page }) => {
    await page.goto('examples/graded.html');
    await inside(page).getByRole('slider', { name: 'Moment' }).fill('4000', PATIENT);
    await expect(page.getByRole('cell', { name: 'not met' })).toBeVisible(PATIENT);
    await expect(page.getByRole('status')).toContainText('Not met yet');
  });
});
