// What a frame says to the page around it, and what that page may ask. The other end is embed.js, where the
// messages are described. Only the window around the frame is heard, and only through the port that it sent.

/** Longest scenario, path and value that are taken, in characters. */
const SCENARIO_MAX = 256 * 1024;
const FIELD_MAX = 4096;
/** Requests a second, and how many may come at once. */
const REQUESTS_PER_S = 40;
const BURST = 80;
/** Between two `state` or `metrics`. */
const REST_MS = 250;
/** What SPLICE hosts are waited for; the lab is usable meanwhile. */
const SPLICE_MS = 5000;

const query = new URLSearchParams(location.search);
const asked = query.get('id') ?? '';
const id = /^[\w-]{1,64}$/.test(asked) ? asked : crypto.getRandomValues(new Uint32Array(2)).join('-');
const version = document.querySelector('meta[name="version"]')?.content ?? '';

let port = null;
let origin = null;
let before = {};
let shownAt = -Infinity;
let later = 0;
let stopped = false;
let lastHeight = 0;
let splice = null;

const toParent = message => parent.postMessage(message, '*');
const emit = (type, fields) => port?.postMessage({ type, ...fields });
const ask = (type, fields = {}) => JSON.parse(globalThis.__switchyard(type, JSON.stringify(fields)));
const running = () => typeof globalThis.__switchyard === 'function';

/** Begins to listen; the app need not run yet. */
export function begin() {
  if (parent === window) return;
  addEventListener('message', heard);
  addEventListener('switchyard', () => pulse());
  addEventListener('switchyard-error', event => emit('error', { code: event.detail }));
  const ready = () => toParent({ switchyard: 1, type: 'ready', id, version });
  addEventListener('switchyard', () => {
    ready();
    if (query.get('height') === 'auto') watchHeight();
    if (query.get('report') === 'splice') splice = openSplice();
  }, { once: true });
}

function heard(event) {
  if (event.source !== parent) return;
  const { data } = event;
  if (data === 'slide:start' || data === 'slide:stop') return slide(data === 'slide:start');
  if (typeof data !== 'object' || data === null) return;
  if (splice && typeof data.subject === 'string') return splice.heard(data);
  if (data.switchyard !== 1) return;
  if (data.type === 'hello' && running()) return toParent({ switchyard: 1, type: 'ready', id, version });
  const [given] = event.ports;
  // The first page that connects is the page.
  if (data.type !== 'connect' || data.id !== id || !given || (origin !== null && origin !== event.origin)) return;
  origin = event.origin;
  port?.close();
  port = given;
  port.onmessage = answerAll();
  before = {};
  if (lastHeight > 0) emit('height', { px: lastHeight });
  pulse();
}

/** Reveal.js: a slide comes and goes. */
function slide(comes) {
  if (!running()) return;
  if (!comes) {
    stopped = ask('state').running;
    ask('pause');
  } else if (stopped || ['visible', 'auto'].includes(query.get('start'))) {
    ask('play');
  }
}

/** Answers the requests of one port, as many as are fair. */
function answerAll() {
  let left = BURST;
  let since = performance.now();
  let told = -Infinity;
  return ({ data }) => {
    const now = performance.now();
    left = Math.min(BURST, left + (now - since) / 1000 * REQUESTS_PER_S);
    since = now;
    if (left < 1) {
      if (now - told > 1000) emit('error', { code: 'rate' });
      told = now;
      return;
    }
    left -= 1;
    if (typeof data !== 'object' || data === null || !Number.isSafeInteger(data.n)) return;
    let answer;
    try {
      const result = running() ? answerOne(data) : { error: { code: 'busy', message: 'the lab is not there yet' } };
      answer = result?.error ? { ok: false, error: result.error } : { ok: true, result };
    } catch (error) {
      answer = { ok: false, error: { code: 'request', message: String(error?.message ?? error).slice(0, 200) } };
    }
    port.postMessage({ n: data.n, ...answer });
  };
}

const REQUESTS = {
  get: () => ({ ...ask('get'), state: ask('state'), metrics: ask('metrics') }),
  load: data => ask('load', scenario(data)),
  check: data => ask('check', scenario(data)),
  set: ({ path, value }) => ask('set', { path: short(path), value: JSON.parse(short(JSON.stringify(value))) }),
  seek: ({ t_ms }) => ask('seek', { t_ms: Number(t_ms) }),
  play: () => ask('play'),
  pause: () => ask('pause'),
  step: () => ask('step'),
  reset: () => ask('reset'),
  theme: ({ theme }) => ask('theme', { theme: short(theme) }),
  lang: ({ lang }) => (/^en(-|$)/i.test(short(lang)) ? {} : fault('lang', 'the page is in English')),
};

const fault = (code, message) => ({ error: { code, message } });

function answerOne(data) {
  return Object.hasOwn(REQUESTS, data.type) ? REQUESTS[data.type](data) : fault('unknown', 'there is no such request');
}

/** `{scenario}` as an object or its text, or `{link}`, the fragment of a link. */
function scenario({ scenario, link }) {
  if (typeof link === 'string') return { link: short(link.replace(/^.*#/, ''), 16_384) };
  const text = typeof scenario === 'string' ? scenario : JSON.stringify(scenario) ?? '';
  return { scenario: JSON.parse(short(text, SCENARIO_MAX)) };
}

function short(text, most = FIELD_MAX) {
  if (typeof text !== 'string') throw new TypeError('text is missing');
  if (text.length > most) throw new RangeError(`more than ${most} characters`);
  return text;
}

/** Something may have changed: tells what did, and figures not too often. */
function pulse() {
  if (!running() || !(port || splice || query.get('report') === 'xapi')) return;
  const now = ask('state');
  const rests = performance.now() - shownAt < REST_MS;
  if (now.running !== before.running || (!rests && now.t_ms !== before.t_ms)) {
    shownAt = performance.now();
    emit('state', { running: now.running, t_ms: now.t_ms, end_ms: now.end_ms });
    if (port) emit('metrics', { metrics: ask('metrics') });
  } else if (rests && now.t_ms !== before.t_ms) {
    // What was left out is told when nothing else comes.
    clearTimeout(later);
    later = setTimeout(pulse, REST_MS);
    now.t_ms = before.t_ms;
  }
  if (before.changes !== undefined && now.changes > before.changes) {
    emit('change', { changes: ask('get').scenario.changes.slice(before.changes - now.changes) });
  }
  const score = now.goals ? now.met / now.goals : 0;
  if (now.goals && now.met !== before.met) emit('progress', { score });
  const over = !now.seeking && now.t_ms >= now.end_ms;
  if (over && !before.over) completed(score, now.goals > 0 && now.met === now.goals, now);
  before = { ...now, over };
}

function completed(score, success, { end_ms }) {
  emit('completed', { score, success });
  splice?.report(score);
  if (query.get('report') === 'xapi') toParent({ switchyard: 1, type: 'xapi', id, statement: statement(score, success, end_ms) });
}

/** An xAPI statement without its actor: who learns is for the page around to know. */
function statement(score, success, end_ms) {
  const base = 'http://adlnet.gov/expapi/';
  return {
    verb: { id: `${base}verbs/completed`, display: { en: 'completed' } },
    object: {
      objectType: 'Activity',
      id: new URL(`?lab=${query.get('lab') ?? ''}`, document.baseURI).href,
      definition: { name: { en: document.title }, type: `${base}activities/simulation` },
    },
    result: { completion: true, success, score: { scaled: score }, duration: `PT${end_ms / 1000}S` },
  };
}

/** The content's height, for pages that let the frame grow: our event, LTI's and Canvas' ways to say it. */
function watchHeight() {
  const tell = () => {
    const px = Math.ceil(document.querySelector('#app').getBoundingClientRect().height);
    if (Math.abs(px - lastHeight) < 2) return;
    lastHeight = px;
    emit('height', { px });
    toParent({ subject: 'lti.frameResize', height: px });
    toParent(JSON.stringify({ src: location.href, context: 'iframe.resize', height: px }));
  };
  new ResizeObserver(tell).observe(document.querySelector('#app'));
}

/** SPLICE (cssplice.org): the host keeps the state and takes the score. It may never answer. */
function openSplice() {
  const activity_id = `${document.baseURI}?lab=${query.get('lab') ?? ''}`;
  const send = (subject, fields) => {
    const message_id = crypto.getRandomValues(new Uint32Array(4)).join('-');
    toParent({ subject, message_id, activity_id, ...fields });
    return message_id;
  };
  let waits = send('SPLICE.getState');
  // Whoever has begun meanwhile is not set back.
  setTimeout(() => { waits = null; }, SPLICE_MS);
  const untouched = () => !ask('state').running && ask('get').scenario.changes.length === start;
  const start = ask('get').scenario.changes.length;
  return {
    heard({ subject, message_id, state }) {
      if (subject !== 'SPLICE.getState.response' || !waits || message_id !== waits) return;
      waits = null;
      if (typeof state?.link !== 'string' || !untouched()) return;
      ask('load', scenario({ link: state.link }));
      if (Number.isFinite(state.t_ms)) ask('seek', { t_ms: state.t_ms });
    },
    report(score) {
      send('SPLICE.reportScoreAndState', { score, state: { link: ask('get').link, t_ms: ask('state').t_ms } });
    },
  };
}
