// The share dialog: a link that replays the whole experiment, as text or as a QR code, or a file.

const { ask, copyButton, fileName, labelled, make, openDialog, save, whole } = await globalThis.__later('dialog');

/** Longer links get lost in some programs. */
const WARN_CHARS = 2000;
/** Longer ones are not offered. */
const MOST_CHARS = 8000;
/** Larger QR codes are hard to read from a screen. */
const QR_BYTES = 800;

export async function open() {
  if (document.querySelector('dialog[open]')) return;
  const run = ask('share');
  const link = make('input', { id: 'share-link', className: 'link-field', type: 'text', readOnly: true, onfocus: () => link.select() });
  const said = make('p', { className: 'dim small' });
  said.setAttribute('aria-live', 'polite');
  const length = make('p', { className: 'dim small', id: 'share-length' });
  link.setAttribute('aria-describedby', length.id);
  const warning = make('p', { className: 'warning', hidden: true });
  const picture = qrCode();
  const now_s = run.t_ms / 1000;
  const from = make('input', { type: 'checkbox' });
  const seconds = make('input', { className: 'number', type: 'number', min: 0, max: run.end_ms / 1000, step: 'any', value: now_s, disabled: true });
  seconds.setAttribute('aria-label', 'Moment, in seconds');
  const copy = copyButton(link, said, { autofocus: true });
  const file = make('button', { type: 'button', className: 'button', textContent: 'Save as a file' });
  const embed = make('button', { type: 'button', className: 'button', textContent: 'Put it on a page…' });
  const byLink = [
    make('div', { className: 'row' }, make('label', { className: 'unseen', htmlFor: link.id, textContent: 'Link' }), link, copy),
    length,
    make('div', { className: 'row' }, labelled('Begin at this moment, t =', from), seconds, 's'),
    picture.node,
  ];
  const { dialog, closed } = openDialog('Share this experiment', [
    make('p', { textContent: included(run.changes) }),
    ...byLink,
    warning,
    make('div', { className: 'acts' }, file, embed),
    make('p', { className: 'dim small' },
      `Fingerprint of the run up to t = ${now_s.toFixed(2)}\u202fs: `,
      make('code', { id: 'fingerprint', textContent: run.digest }),
      '. Who sees the same one has seen the same run.'),
    said,
  ]);

  const write = () => {
    seconds.disabled = !from.checked;
    const t_ms = from.checked && seconds.value !== '' && seconds.validity.valid ? Math.round(1000 * seconds.valueAsNumber) : null;
    link.value = addressOf(run, t_ms);
    const chars = link.value.length;
    const offered = chars <= MOST_CHARS;
    for (const part of byLink) part.hidden = !offered;
    file.classList.toggle('is-main', !offered);
    length.textContent = `${whole(chars)} characters`;
    warning.hidden = chars <= WARN_CHARS;
    warning.textContent = offered
      ? `Some programs cut links of more than ${whole(WARN_CHARS)} characters. A file is safer.`
      : `A link would have ${whole(chars)} characters: too many. Share a file instead.`;
    said.textContent = '';
    // The link of a lab always holds the whole scenario; where it is as it was made, its name is enough to read.
    const short = run.made && new TextEncoder().encode(link.value).length > QR_BYTES;
    picture.show(short ? addressOf({ ...run, link: '' }, t_ms) : link.value, short ? 'It opens the lab as it was made.' : '');
  };
  from.onchange = seconds.oninput = write;
  file.onclick = () => save(fileName(run.title), run.file);
  let next = null;
  embed.onclick = () => {
    next = globalThis.__later('frame');
    dialog.close();
  };
  write();
  if (link.value.length > MOST_CHARS) file.focus();
  await closed;
  // The focus is back where it was: there it returns from the next dialog too.
  if (next) await (await next).open();
}

/** The address that opens the run as it is: the lab by its name for its lesson, the whole scenario beside it. */
function addressOf(run, t_ms) {
  const query = [];
  if (run.lab) query.push(`lab=${run.lab}`);
  if (t_ms !== null) query.push(`t=${t_ms}`);
  if (run.compare) query.push('view=compare');
  return `${run.site}${query.length ? `?${query.join('&')}` : ''}${run.link && `#${run.link}`}`;
}

function included(changes) {
  const what = 'Whoever opens it sees the same run, request by request.';
  if (changes === 0) return what;
  return `${what} It includes your ${changes === 1 ? 'change' : `${changes} changes`} up to now.`;
}

/** Drawn when it is opened, for links that are short enough. */
function qrCode() {
  const place = make('div');
  const node = make('details', {}, make('summary', { textContent: 'QR code' }), place);
  let [link, note, shown] = ['', '', ''];
  const draw = async () => {
    if (!node.open || shown === link) return;
    shown = link;
    const bytes = new TextEncoder().encode(shown).length;
    if (bytes > QR_BYTES) {
      place.replaceChildren(make('p', { className: 'dim small', textContent: `The link has ${whole(bytes)} bytes. A QR code of more than ${QR_BYTES} is hard to read.` }));
      return;
    }
    const { encode } = await globalThis.__later('qr');
    place.replaceChildren(drawn(encode(shown)), make('p', { className: 'dim small', textContent: note }));
  };
  node.ontoggle = draw;
  const show = (...given) => {
    [link, note] = given;
    draw();
  };
  return { node, show };
}

/** Dark on light in both themes, as readers expect it, with the quiet zone of four modules. */
function drawn(rows) {
  const element = (tag, attributes) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const size = rows.length + 8;
  const runs = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : '')).join('')).join('');
  const svg = element('svg', { class: 'qr', viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': 'QR code of the link', 'shape-rendering': 'crispEdges' });
  svg.append(element('rect', { width: size, height: size, fill: '#fff' }), element('path', { d: runs, fill: '#000' }));
  return svg;
}
