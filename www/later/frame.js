// "Put it on a page": the HTML that shows this run in a frame of somebody else's page, with a live preview.

const { ask, copyButton, labelled, make, openDialog, whole } = await globalThis.__later('dialog');

/** What `show=` can name, and what holds without it. */
const PANELS = ['title', 'stage', 'transport', 'controls', 'charts', 'lesson', 'challenge', 'inspector'];
const USUAL = ['title', 'stage', 'transport', 'controls'];
/** Course systems cut longer addresses, and no lab opens a longer fragment than the second. */
const WARN_CHARS = 8000;
const FRAGMENT_MAX = 16_384;
const SIZE_PX = { min: 100, max: 5000 };
/** So high that stage, transport and the first controls are seen; see `.stage` in lab.css. */
const USUAL_PX = 720;
/** The preview follows when nothing has been turned for so long. */
const REST_MS = 300;

export async function open() {
  if (document.querySelector('dialog[open]')) return;
  const run = ask('share');
  const scenario = JSON.parse(run.file);

  const panels = PANELS.map(name => check(name, USUAL.includes(name), name));
  const width = number('Width in pixels', '');
  const height = number('Height in pixels', USUAL_PX);
  width.placeholder = 'all';
  const grow = make('input', { type: 'checkbox' });
  const grown = make('p', { className: 'dim small', hidden: true });
  const theme = choice('Theme', [['auto', 'As the reader’s system'], ['light', 'Light'], ['dark', 'Dark']]);
  const edit = choice('Readers may turn', [['knobs', 'The knobs below'], ['full', 'Every setting'], ['none', 'Nothing']]);
  const start = choice('It starts', [['click', 'By a press'], ['visible', 'When it is seen']]);
  const moment = make('input', { type: 'checkbox' });
  const settings = ask('settings');
  const knobs = settings.map(({ path, group, label }) => check(path, scenario.knobs?.includes(path), `${group}: ${label}`));
  const list = which => make('div', { className: 'checks' }, ...knobs.filter(which).map(knob => knob.node));
  const isKnob = knob => scenario.knobs?.includes(knob.name);
  const rest = knobs.filter(knob => !isKnob(knob));

  const preview = make('div', { className: 'preview', tabIndex: 0, role: 'region', ariaLabel: 'Preview' });
  const kind = choice('As', [['frame', 'a plain frame'], ['element', 'the element <switchyard-lab>']]);
  const code = make('textarea', { className: 'code', readOnly: true, rows: 6, spellcheck: false, onfocus: () => code.select() });
  code.setAttribute('aria-label', 'HTML for the page');
  const said = make('p', { className: 'dim small' });
  said.setAttribute('aria-live', 'polite');
  const warning = make('p', { className: 'warning', hidden: true });

  const { dialog, closed } = openDialog('Put it on a page', [
    make('div', { className: 'two' },
      make('div', {},
        group('Panels', make('div', { className: 'checks' }, ...panels.map(panel => panel.node))),
        group('Size',
          make('div', { className: 'row' }, 'Width', width, 'height', height, 'px'),
          labelled('As high as what is in it', grow), grown),
        theme.node, edit.node,
        group('Knobs', list(isKnob), rest.length === 0 ? null : make('details', {}, make('summary', { textContent: 'More settings' }), list(knob => !isKnob(knob)))),
        start.node,
        labelled(`Begin at this moment, t = ${(run.t_ms / 1000).toFixed(2)}\u202fs`, moment)),
      make('div', {},
        preview, warning, kind.node, code,
        make('div', { className: 'row' }, copyButton(code, said)), said)),
  ], { wide: true });

  /** The frame's parameters, without those that hold anyway. */
  const parameters = () => {
    const shown = panels.filter(panel => panel.input.checked).map(panel => panel.name);
    const asked = {
      lab: run.lab,
      show: shown.length === 0 || String(shown) === String(USUAL) ? null : shown.join(),
      edit: edit.value === 'full' ? null : edit.value,
      theme: theme.value === 'auto' ? null : theme.value,
      start: start.value === 'click' ? null : start.value,
      height: grow.checked ? 'auto' : null,
      t: moment.checked ? Math.round(run.t_ms) : null,
    };
    return Object.entries(asked).filter(([, value]) => value !== null);
  };
  /** The scenario with the knobs that are wanted; none where the lab's name says it all. */
  const fragment = () => {
    const wanted = knobs.filter(knob => knob.input.checked).map(knob => knob.name);
    const before = scenario.knobs ?? [];
    const same = wanted.length === before.length && wanted.every(path => before.includes(path));
    if (same) return run.made ? '' : run.link;
    return ask('link', { scenario: { ...scenario, knobs: wanted } }).link;
  };

  let waits = 0;
  const write = () => {
    const [query, link] = [parameters(), fragment()];
    const pairs = query.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%2F/g, '/').replace(/%2C/g, ',')}`);
    const address = `${run.site}embed.html?${pairs.join('&')}${link && `#${link}`}`;
    const isFrame = kind.value === 'frame';
    code.value = isFrame ? frameHtml(address) : elementHtml(query, link);
    height.disabled = grow.checked;
    grown.hidden = !grow.checked;
    grown.textContent = isFrame
      ? `A plain frame has ${USUAL_PX}\u202fpx until the page around it follows: Canvas and other course systems do; elsewhere take the element.`
      : 'The element follows what is in it.';
    const opens = link.length <= FRAGMENT_MAX;
    warning.hidden = address.length <= WARN_CHARS;
    warning.textContent = `The scenario makes an address of ${whole(address.length)} characters: ${opens ? 'some course pages cut it' : 'too many'}. `
      + 'Save it as a file, put it on a site that lets others read it, and name that by src= in place of what stands after #.';
    said.textContent = '';
    clearTimeout(waits);
    waits = setTimeout(() => show(opens ? address : null), REST_MS);
  };
  const size = input => (input.validity.valid && input.value !== '' ? input.valueAsNumber : null);
  const height_px = () => (grow.checked ? null : size(height)) ?? USUAL_PX;
  const frameHtml = address => html('iframe', {
    src: address, title: run.title, width: size(width) ?? '100%', height: height_px(), loading: 'lazy', allow: 'clipboard-write',
  }, '');
  const elementHtml = (query, link) => `${html('script', { type: 'module', src: `${run.site}embed.js` }, '')}\n`
    + html('switchyard-lab', { ...Object.fromEntries(query), ...(link && { link }), height: grow.checked ? 'auto' : height_px(), title: run.title },
      `\n  ${html('a', { href: `${run.site}${run.lab ? `?lab=${run.lab}` : ''}${link && `#${link}`}` }, 'Open the lab')}\n`);
  /** A new frame each time: another address in the same one would be an entry in the history. */
  const show = address => {
    if (!dialog.isConnected) return;
    preview.replaceChildren();
    if (address === null) return;
    const frame = make('iframe', { title: 'The lab as the page will show it', src: address, height: height_px() });
    frame.width = size(width) ?? '100%';
    preview.append(frame);
  };
  // As a course system does it.
  const follow = ({ source, data }) => {
    const frame = preview.firstChild;
    if (grow.checked && frame && source === frame.contentWindow && data?.subject === 'lti.frameResize') frame.height = data.height;
  };
  addEventListener('message', follow);
  dialog.addEventListener('input', write);
  write();
  await closed;
  removeEventListener('message', follow);
  clearTimeout(waits);
}

/** A tag as text. */
function html(tag, attributes, content) {
  const escaped = text => String(text).replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
  return `<${tag}${Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')}>${content}</${tag}>`;
}

function group(name, ...content) {
  return make('fieldset', {}, make('legend', { textContent: name }), ...content);
}

function check(name, checked, text) {
  const input = make('input', { type: 'checkbox', checked: Boolean(checked) });
  return { name, input, node: labelled(text, input) };
}

function number(name, value) {
  const input = make('input', { className: 'number', type: 'number', ...SIZE_PX, value });
  input.setAttribute('aria-label', name);
  return input;
}

/** One of several, by native radio buttons. */
function choice(name, options) {
  const key = name.replace(/\W+/g, '-');
  const inputs = options.map(([value], at) => make('input', { type: 'radio', name: `frame-${key}`, value, checked: at === 0 }));
  const node = group(name, make('div', { className: 'checks' }, ...options.map(([, text], at) => labelled(text, inputs[at]))));
  return { node, get value() { return inputs.find(input => input.checked).value; } };
}
