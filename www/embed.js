// Labs on a page of your own. Put this script on the page:
//
//   <script type="module" src="https://…/embed.js"></script>
//   <switchyard-lab lab="load-balancing/one-slow-server" show="stage,controls" height="480">
//     <a href="https://…/?lab=load-balancing/one-slow-server">Open the lab</a>
//   </switchyard-lab>
//
// Attributes are the query parameters of a lab's address: lab, src, seed, t, speed, show, edit, start, motion, dots,
// theme, lang, height (pixels or auto, which is what holds without it), wheel, report, and p.PATH for a knob,
// such as p.lb.policy="two-choices". `link` takes the part of a shared link after #. At most three labs of a
// page run at once; the others wait where they were until they are scrolled to.
//
// Events of the element, with what they carry in `detail`: `ready`, `state` {running, t_ms, end_ms}, `change`
// {changes}, `metrics` {metrics} (at most four a second), `progress` {score}, `completed` {score, success},
// `height` {px}, `error` {code}. `sandbox` takes what an iframe's does: "allow-scripts" is enough, if the site allows it.
// Methods: `request(type, fields)`, see Lab.
//
// For a frame that you made yourself: `const lab = await connect(iframe)`.

const BASE = new URL('.', import.meta.url);
const RUNNING_MAX = 3;
/** A lab gets its frame when so little is missing until it is seen. */
const NEAR_PX = 200;
/** How long a frame may take until it is said that it does not come. */
const WAIT_MS = 20_000;

/** The parameters that are attributes. */
const PARAMETERS = ['lab', 'src', 'seed', 't', 'speed', 'show', 'edit', 'start', 'motion', 'dots', 'theme', 'lang', 'height', 'wheel', 'report'];

/** The conversation with one frame. Its events are those of the element. */
export class Lab extends EventTarget {
  #port;
  #open = new Map();
  #n = 0;

  constructor(port, { id, version }) {
    super();
    this.id = id;
    this.version = version;
    this.#port = port;
    port.onmessage = ({ data }) => {
      const waits = this.#open.get(data.n);
      if (!waits) {
        if (typeof data.type === 'string') this.dispatchEvent(new CustomEvent(data.type, { detail: data }));
        return;
      }
      this.#open.delete(data.n);
      if (data.ok) return waits.resolve(data.result);
      waits.reject(Object.assign(new Error(data.error.message), { code: data.error.code, path: data.error.path }));
    };
  }

  /**
   * Asks for something; rejects with an Error that has a `code`, and a `path` where a setting is to blame.
   *
   *   get                    → {scenario, link, state, metrics}
   *   load  {scenario|link}  another scenario, run from its start
   *   check {scenario|link}  whether it could be loaded
   *   set   {path, value}    a setting, from this moment on
   *   play, pause, step, reset
   *   seek  {t_ms}
   *   theme {theme}          auto, light or dark
   *   lang  {lang}
   */
  request(type, fields = {}, { timeout_ms = 10_000 } = {}) {
    const n = ++this.#n;
    return new Promise((resolve, reject) => {
      this.#open.set(n, { resolve, reject });
      setTimeout(() => {
        if (this.#open.delete(n)) reject(Object.assign(new Error(`no answer to ${type}`), { code: 'timeout' }));
      }, timeout_ms);
      this.#port.postMessage({ ...fields, n, type });
    });
  }

  close() {
    this.#port.close();
  }
}

/** Connects with a frame that shows embed.html, whether it is there already or still loading. */
export function connect(frame, { timeout_ms = WAIT_MS } = {}) {
  return new Promise((resolve, reject) => {
    // A sandboxed frame has no origin that could be named.
    const opaque = frame.sandbox.length > 0 && !frame.sandbox.contains('allow-same-origin');
    const target = opaque ? '*' : new URL(frame.src).origin;
    const done = () => {
      clearTimeout(timer);
      clearInterval(knock);
      removeEventListener('message', heard);
    };
    const heard = ({ source, data }) => {
      if (source !== frame.contentWindow || data?.switchyard !== 1 || data.type !== 'ready') return;
      done();
      const { port1, port2 } = new MessageChannel();
      frame.contentWindow.postMessage({ switchyard: 1, type: 'connect', id: data.id }, target, [port2]);
      resolve(new Lab(port1, data));
    };
    const timer = setTimeout(() => {
      done();
      reject(Object.assign(new Error('the lab does not answer'), { code: 'timeout' }));
    }, timeout_ms);
    // Whoever comes late asks for what was missed; a frame that is still elsewhere does not hear it.
    const knock = setInterval(() => frame.contentWindow?.postMessage({ switchyard: 1, type: 'hello' }, '*'), 500);
    addEventListener('message', heard);
  });
}

/** The elements of the page, and those of them that have a frame, the newest at the end. */
const labs = new Set();
const live = [];
/** What gives and takes frames, one after another, so that there are never too many. */
let turn = Promise.resolve();

const STYLE = `
  :host { display: block; }
  iframe { display: block; width: 100%; border: 0; border-radius: .75rem; color-scheme: normal; }
  .waits { display: grid; place-content: center; justify-items: center; gap: .5rem; box-sizing: border-box; padding: 1rem;
    border: 1px solid #8d8778; border-radius: .75rem; font: 16px/1.4 system-ui, sans-serif; }
  button { padding: .5rem 1.1rem; border: 1px solid currentColor; border-radius: .5rem; background: none; color: inherit;
    font: inherit; cursor: pointer; }
`;

class SwitchyardLab extends HTMLElement {
  #lab = null;
  #frame = null;
  /** Comes true when the frame has answered or is given up. */
  #connected = null;
  /** What to come back to: {link, t_ms, running}. */
  #parked = null;
  #height = 480;
  #watches = [];
  #id = `lab-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;

  connectedCallback() {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [sheet];
    }
    const height = Number(this.getAttribute('height'));
    if (height >= 100 && height <= 5000) this.#height = height;
    this.#show(this.#placeholder('Load the lab'));
    labs.add(this);
    // It comes near, and then into sight.
    this.#watches = [NEAR_PX, 0].map(margin => new IntersectionObserver(() => SwitchyardLab.#settle(), { rootMargin: `${margin}px` }));
    for (const watch of this.#watches) watch.observe(this);
  }

  disconnectedCallback() {
    for (const watch of this.#watches) watch.disconnect();
    labs.delete(this);
    this.#drop();
  }

  /** Asks the lab for something, see Lab; loads it first if it waits. */
  async request(type, fields) {
    await this.#load();
    await this.#connected;
    return this.#lab.request(type, fields);
  }

  /** Whether it has a frame now. */
  get running() {
    return this.#frame !== null;
  }

  /** How many pixels it is out of sight. */
  get #distance() {
    const { top, bottom } = this.getBoundingClientRect();
    return Math.max(0, top - innerHeight, -bottom);
  }

  /** To each lab that is near a frame, nearest first: a free one, or that of a lab farther away. */
  static #settle() {
    turn = turn.then(async () => {
      const near = [...labs].filter(lab => !lab.running && lab.#distance <= NEAR_PX);
      for (const lab of near.sort((a, b) => a.#distance - b.#distance)) {
        if (live.length < RUNNING_MAX || live.some(other => other.#distance > lab.#distance)) await lab.#take();
      }
    });
  }

  /** Whoever asks for it gets it, even if all others are in sight. */
  #load() {
    turn = turn.then(() => this.#take());
    return turn;
  }

  async #take() {
    if (this.#frame || !this.isConnected) return;
    while (live.length >= RUNNING_MAX) {
      await live.reduce((far, other) => (other.#distance > far.#distance ? other : far)).#park();
    }
    this.#open();
  }

  #open() {
    live.push(this);
    const frame = Object.assign(document.createElement('iframe'), {
      title: this.getAttribute('title') ?? `Lab: ${this.getAttribute('lab') ?? 'a scenario'}`,
      src: this.#address(),
      loading: 'eager',
      allow: 'clipboard-write',
      height: this.#height,
    });
    if (this.hasAttribute('sandbox')) frame.setAttribute('sandbox', this.getAttribute('sandbox'));
    this.#frame = frame;
    this.#show(frame);
    // Nobody else waits for it: it may be slow, or be removed before it answers.
    this.#connected = this.#connect(frame);
  }

  async #connect(frame) {
    try {
      const lab = await connect(frame);
      if (this.#frame !== frame) return lab.close();
      this.#lab = lab;
      for (const type of ['state', 'change', 'metrics', 'progress', 'completed', 'height', 'error']) {
        lab.addEventListener(type, ({ detail }) => this.#told(type, detail));
      }
      this.#told('ready', { id: lab.id, version: lab.version });
    } catch {
      // A refusal of the frame's own can be read in it; if nothing came, here.
      if (this.#frame === frame) this.#told('error', { code: 'timeout' });
    }
  }

  #told(type, detail) {
    if (type === 'height' && !Number(this.getAttribute('height')) && detail.px > 50 && detail.px < 10_000) {
      this.#height = detail.px;
      this.#frame.height = detail.px;
    }
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: false }));
  }

  #address() {
    const query = new URLSearchParams();
    for (const name of PARAMETERS) if (this.hasAttribute(name)) query.set(name, this.getAttribute(name));
    for (const { name, value } of this.attributes) if (name.startsWith('p.')) query.set(name, value);
    if (!query.has('height')) query.set('height', 'auto');
    query.set('id', this.#id);
    let link = this.getAttribute('link') ?? '';
    if (this.#parked) {
      // Settings and seed are in the link now.
      for (const name of [...query.keys()]) if (name === 'seed' || name.startsWith('p.')) query.delete(name);
      query.set('t', this.#parked.t_ms);
      if (this.#parked.running) query.set('start', 'auto');
      link = this.#parked.link;
    }
    const address = new URL('embed.html', BASE);
    address.search = query;
    address.hash = link.replace(/^.*#/, '');
    return address.href;
  }

  /** Keeps where it is, and gives its place to another. */
  async #park() {
    const [lab, frame] = [this.#lab, this.#frame];
    try {
      const { link, state } = await lab.request('get', {}, { timeout_ms: 2000 });
      if (state.begun || state.changes > 0) this.#parked = { link, t_ms: state.t_ms, running: state.running };
    } catch {
      // It never came, or hangs: it begins anew.
    }
    if (this.#frame !== frame) return;
    this.#drop();
    this.#show(this.#placeholder('Continue'));
  }

  #drop() {
    const at = live.indexOf(this);
    if (at >= 0) live.splice(at, 1);
    this.#lab?.close();
    this.#lab = this.#frame = null;
  }

  #placeholder(text) {
    const box = Object.assign(document.createElement('div'), { className: 'waits' });
    box.style.height = `${this.#height}px`;
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
    button.onclick = () => this.#load();
    box.append(button, document.createElement('slot'));
    return box;
  }

  #show(content) {
    this.shadowRoot.replaceChildren(content);
  }
}

customElements.define('switchyard-lab', SwitchyardLab);
