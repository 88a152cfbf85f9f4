// Firefox, by the protocol that it speaks itself: WebDriver BiDi (w3c.github.io/webdriver-bidi). Only what
// firefox.spec.mjs needs. Playwright drives a Firefox of its own making, which no registry of packages has.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

// `cargo xtask` names the browser that it found.
export const executablePath = process.env.FIREFOX ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find(path => existsSync(path));

/** A profile that asks nobody for anything, and shows nothing of its own. */
const SETTINGS = {
  'app.normandy.enabled': false,
  'app.update.auto': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
};

/** How long it may take to start, on a machine that does other things too. */
const START_MS = 60_000;

/** Starts it. */
export async function start() {
  // Not in the system's folder for such: a packaged Firefox may not see that.
  const profile = await mkdtemp(fileURLToPath(new URL('../../target/firefox-', import.meta.url)));
  const settings = Object.entries(SETTINGS).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`);
  await writeFile(join(profile, 'user.js'), settings.join(''));
  const child = spawn(executablePath, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise(resolve => child.once('exit', resolve));
  const address = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', text => {
      said += text;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`Firefox ended with ${code}: ${said}`)));
    setTimeout(() => reject(new Error(`Firefox does not answer: ${said}`)), START_MS).unref();
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const browser = new Browser(socket);
  const { capabilities } = await browser.send('session.new', { capabilities: {} });
  await browser.send('session.subscribe', { events: ['log.entryAdded'] });
  browser.version = capabilities.browserVersion;
  browser.close = async () => {
    await browser.send('browser.close', {}).catch(() => {});
    const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(patience);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return browser;
}

class Browser {
  /** Console errors and warnings, and uncaught errors. */
  complaints = [];
  #socket;
  #open = new Map();
  #id = 0;

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', text => {
      const { id, type, result, error, message, method, params } = JSON.parse(text);
      if (method === 'log.entryAdded' && ['error', 'warn'].includes(params.level)) this.complaints.push(`${params.level}: ${params.text}`);
      const waits = this.#open.get(id);
      this.#open.delete(id);
      if (type === 'success') waits?.resolve(result);
      if (type === 'error') waits?.reject(new Error(`${error}: ${message}`));
    });
  }

  send(method, params) {
    const id = ++this.#id;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }));
  }

  /** A tab, of a user of its own: nothing is kept from other tabs. */
  async page({ width = 1440, height = 900 } = {}) {
    const { userContext } = await this.send('browser.createUserContext', {});
    const { context } = await this.send('browsingContext.create', { type: 'tab', userContext });
    await this.send('browsingContext.setViewport', { context, viewport: { width, height } });
    return new Page(this, context);
  }
}

class Page {
  #browser;
  #context;

  constructor(browser, context) {
    this.#browser = browser;
    this.#context = context;
  }

  goto(url) {
    return this.#browser.send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
  }

  reload() {
    return this.#browser.send('browsingContext.reload', { context: this.#context, wait: 'complete' });
  }

  /** What `code`, a function, answers in the page, of what can be JSON. */
  async evaluate(code, ...given) {
    const args = given.map(value => JSON.stringify(value)).join();
    const expression = `(async () => JSON.stringify(await (${code})(${args})) ?? 'null')()`;
    const target = { context: this.#context };
    const { type, result, exceptionDetails } = await this.#browser.send('script.evaluate', { expression, target, awaitPromise: true });
    if (type !== 'success') throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  /** The first frame in it, once there is one. */
  async frame() {
    for (;;) {
      const { contexts: [{ children: [first] }] } = await this.#browser.send('browsingContext.getTree', { root: this.#context });
      if (first) return new Page(this.#browser, first.context);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  /** The text of the first element that the selector finds, or null. */
  text(selector) {
    return this.evaluate(selector => document.querySelector(selector)?.textContent.trim() ?? null, selector);
  }

  /** Presses a key, with another held if one is named. */
  async press(key, held) {
    const keys = held === 'Control' ? ['\uE009', key] : [key];
    const actions = [...keys.map(value => ({ type: 'keyDown', value })), ...keys.toReversed().map(value => ({ type: 'keyUp', value }))];
    await this.#browser.send('input.performActions', { context: this.#context, actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** Chooses files in the first such input. */
  async setFiles(selector, files) {
    const target = { context: this.#context };
    const expression = `document.querySelector(${JSON.stringify(selector)})`;
    const { result } = await this.#browser.send('script.evaluate', { expression, target, awaitPromise: false });
    if (!result.sharedId) throw new Error(`there is no ${selector}`);
    await this.#browser.send('input.setFiles', { context: this.#context, element: { sharedId: result.sharedId }, files });
  }

  /** Presses with the mouse in the middle of the first such element, with that text if there is one wanted. */
  async click(selector, text) {
    const find = `[...document.querySelectorAll(${JSON.stringify(selector)})].find(found => ${JSON.stringify(text ?? null)} === null || (found.ariaLabel ?? found.textContent).trim() === ${JSON.stringify(text)})`;
    const target = { context: this.#context };
    const { result } = await this.#browser.send('script.evaluate', { expression: `(found => { found?.scrollIntoView({ block: 'center' }); return found; })(${find})`, target, awaitPromise: false });
    if (!result.sharedId) throw new Error(`there is no ${selector} ${text ?? ''}`);
    const origin = { type: 'element', element: { sharedId: result.sharedId } };
    const actions = [{ type: 'pointerMove', x: 0, y: 0, origin }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
    await this.#browser.send('input.performActions', { context: this.#context, actions: [{ type: 'pointer', id: 'mouse', actions }] });
  }
}
