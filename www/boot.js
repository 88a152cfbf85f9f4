// Starts the app, and owns the screen that is shown when it cannot run.
//
// It is a file of its own, so that the Content-Security-Policy allows no inline script, and it is not
// part of the app, so that it still works when the app does not. It is a classic script, no module: a frame
// without an origin (sandbox="allow-scripts") loads modules only from hosts that allow it, and where they do
// not, this script must still say so.
//
// The app may set   globalThis.__scenarioLink   to the absolute address of the running scenario, and
// calls             globalThis.__fatal(message) from its panic hook.
// It calls          globalThis.__open(name, text)  for the dialogs in www/later/, which few visits need, and
//                   globalThis.__newWorker(message, moved)  for a worker that runs this program, and
//                   globalThis.__late()  for the second part of the program, when it cannot wait.
// It reads          globalThis.__sourceText     the scenario that `src=` names, or
//                   globalThis.__sourceProblem  why there is none.

(() => {
const EMBED = 'embed' in document.documentElement.dataset;

const REASONS = {
  file: {
    heading: 'Switchyard needs a web server',
    text: 'This page was opened as a file, and browsers do not load programs from files. Any web server will do, one on '
      + 'this machine too: start “python3 -m http.server 8000” in the folder of this page, then open '
      + 'http://localhost:8000/. README.txt names others.',
  },
  sandboxed: {
    heading: 'This frame may not load Switchyard',
    text: 'The page around it has put it into a sandbox without an origin, and the site that Switchyard lies on '
      + 'does not allow such frames to load it. Either that site sends “Access-Control-Allow-Origin: *”, '
      + 'or the frame gets “allow-same-origin”.',
  },
  unsupported: {
    heading: 'This browser cannot run Switchyard',
    text: 'Switchyard is a WebAssembly program, and this browser does not run those. Any current Firefox, Chrome, Edge or '
      + 'Safari does; a lockdown mode may have to be turned off.',
  },
  missing: {
    heading: 'A part of Switchyard did not arrive',
    text: 'The connection broke, or the site was updated just now. Loading the page again usually helps.',
  },
  damaged: {
    heading: 'Switchyard could not be started',
    text: 'The program was damaged on its way, or this browser is too old for it. Load the page again; if that changes '
      + 'nothing, try a current browser.',
  },
  stopped: {
    heading: 'Switchyard has stopped',
    text: 'It met an error. The fault is in Switchyard, not in what you did. Load the page again; if it stops again, '
      + 'begin at the start page.',
  },
};

let shown = false;

/** Shows the screen, once: what comes after the first failure is its consequence. */
function fatal(reason, message) {
  if (shown) return;
  shown = true;
  const { heading, text } = REASONS[reason];
  const app = document.getElementById('app');
  if (app) app.hidden = app.inert = true;
  // Dialogs would lie above everything and keep the rest out of reach.
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  document.title = heading;

  const title = element('h1', { textContent: heading, tabIndex: -1, id: 'fatal-heading' });
  const column = element('div', {}, title, element('p', { textContent: text }));
  if (typeof globalThis.__scenarioLink === 'string') column.append(...scenario(globalThis.__scenarioLink));
  // Neither would help a page that was opened as a file.
  if (reason !== 'file') column.append(
    element('p', { className: 'ways' },
      element('button', { textContent: 'Reload', type: 'button', className: 'main', onclick: () => location.reload() }),
      // Without query and fragment: what is in them may be what it stopped at.
      EMBED
        ? element('a', { textContent: 'Open in a window of its own', target: '_blank', rel: 'noopener', href: location.href.replace(/\/embed\.html/, '/') })
        : element('a', { textContent: 'Start page', href: new URL('.', document.baseURI).href })));
  column.append(
    element('details', {},
      element('summary', { textContent: 'Technical details' }),
      element('pre', { textContent: `${message}\n\n${navigator.userAgent}`, tabIndex: 0 })),
  );
  const screen = element('main', { className: 'fatal', id: 'fatal' }, column);
  screen.setAttribute('aria-labelledby', title.id);
  document.body.append(screen);
  dispatchEvent(new CustomEvent('switchyard-error', { detail: reason }));
  // A frame never takes the focus from the page around it.
  if (!EMBED) title.focus();
}

/** The link of the scenario that was running, ready to be copied. */
function scenario(link) {
  const field = element('input', { value: link, readOnly: true, id: 'fatal-link', onfocus: () => field.select() });
  const copy = element('button', { textContent: 'Copy link', type: 'button' });
  copy.onclick = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(link);
      copy.textContent = 'Copied';
    } catch {
      copy.textContent = 'Selected: copy it with Ctrl+C or ⌘C';
    }
  };
  return [
    element('label', { textContent: 'Your scenario is kept in this link', htmlFor: field.id }),
    element('div', { className: 'link' }, field, copy),
  ];
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

globalThis.__fatal = message => fatal('stopped', message);

// A panic ends in a trap wherever the app was called from.
const trapped = error => {
  if (globalThis.WebAssembly && error instanceof WebAssembly.RuntimeError) fatal('stopped', describe(error));
};
addEventListener('error', event => trapped(event.error));
addEventListener('unhandledrejection', event => trapped(event.reason));

function describe(error) {
  return String(error?.stack ?? error);
}

/** The address of a script that few visits need, under the name that `cargo xtask` gave it: it carries a hash. */
const later = name => new URL(document.querySelector(`meta[name="later:${name}"]`).content, document.baseURI).href;
globalThis.__later = name => import(later(name));
globalThis.__open = async (name, text) => (await __later(name)).open(text);

// What the page may start as a script besides itself, by name.
const startable = name => {
  if (!['sim-worker', 'service-worker'].includes(name)) throw new TypeError(`${name} is not to be started`);
  return later(name);
};
const policy = globalThis.trustedTypes?.createPolicy('app', { createScriptURL: startable }) ?? { createScriptURL: startable };
globalThis.__newWorker = (message, moved) => {
  const worker = new Worker(policy.createScriptURL('sim-worker'), { type: 'module' });
  worker.postMessage({ ...message, late: compiled }, moved);
  return worker;
};

/**
 * The second part of the program: the functions that a first visit does not run (xtask/src/split.rs, link.js). It comes
 * when the page has nothing to do, or with the first sign of use. Whoever calls one of them before waits for the file.
 */
const part = () => document.querySelector('meta[name="later:program"]') && later('program');
let asked = false, compiled, link;
const follow = async () => {
  if (asked || !part()) return;
  asked = true;
  try {
    const response = await fetch(part());
    if (response.ok) compiled ??= await WebAssembly.compile(await response.arrayBuffer());
    link?.(compiled);
  } catch {
    // Whoever needs it says so.
  }
};
/** For who cannot wait for anything but the network itself. */
const fetched = () => {
  const request = new XMLHttpRequest();
  request.open('GET', part(), false);
  // Such a request may not ask for bytes: one character each, then.
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) throw new Error(`${part()}: ${request.status} ${request.statusText}`);
  return new WebAssembly.Module(Uint8Array.from(request.responseText, byte => byte.charCodeAt(0)));
};
globalThis.__late = () => {
  try {
    return compiled ??= fetched();
  } catch (error) {
    fatal('missing', describe(error));
    throw error;
  }
};
/** What shows that somebody uses the page. */
const SIGNS = ['pointerover', 'keydown', 'focusin', 'wheel', 'message'];
/** However busy the page is. */
const FOLLOW_MS = 1000;

/** Whether this visit comes from what an earlier one has kept: those who cannot wait would be told that there is no network. */
function isKept() {
  try {
    return Boolean(navigator.serviceWorker?.controller);
  } catch {
    // Storage is blocked.
    return false;
  }
}

/** How long the page has the network for itself. */
const KEEP_AFTER_MS = 2000;

/**
 * Keeps the whole site for visits without a network: see www/service-worker.js. Only releases have it. A frame
 * keeps nothing: its reader visits another site; and nothing is kept where the reader saves bytes.
 */
async function keep() {
  if (EMBED || parent !== window || navigator.connection?.saveData) return;
  try {
    if (document.querySelector('meta[name="later:service-worker"]')) {
      await navigator.serviceWorker?.register(policy.createScriptURL('service-worker'));
    }
  } catch {
    // Storage is blocked, or the host is being updated. The page needs neither.
  }
}

async function start() {
  if (location.protocol === 'file:') return fatal('file', location.href);
  if (typeof WebAssembly !== 'object') return fatal('unsupported', 'WebAssembly is not defined');
  const source = new URLSearchParams(location.search).get('src');
  const address = id => document.getElementById(id).href;
  let response, init;
  try {
    [{ default: init, link }, response] = await Promise.all([import(address('app-script')), fetch(address('app-module')), isKept() && follow()]);
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
    // A fragment comes after `src=`, so that is not looked at then.
    if (source !== null && location.hash.length < 2) await (await __later('source')).read(source, EMBED);
    if (EMBED) (await __later('messages')).begin();
  } catch (error) {
    return fatal(globalThis.origin === 'null' ? 'sandboxed' : 'missing', describe(error));
  }
  try {
    await init({ module_or_path: response });
  } catch (error) {
    return fatal(error instanceof WebAssembly.RuntimeError ? 'stopped' : 'damaged', describe(error));
  }
  dispatchEvent(new Event('TrunkApplicationStarted'));
  link?.(compiled);
  for (const sign of SIGNS) addEventListener(sign, follow, { once: true, passive: true, capture: true });
  const whenIdle = globalThis.requestIdleCallback ?? (act => setTimeout(act, FOLLOW_MS));
  if (!navigator.connection?.saveData) whenIdle(follow, { timeout: FOLLOW_MS });
  setTimeout(keep, KEEP_AFTER_MS);
}

start();
})();
