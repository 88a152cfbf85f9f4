// What the dialogs of www/later/ have in common; they look and behave as those of src/app/dialog.rs.
//
// Scripts that carry a hash in their names find each other by globalThis.__later(name).

/** For what only these dialogs have. The page's policy forbids `style=`, and lets scripts adopt sheets. */
const STYLE = `
  dialog [hidden] { display: none; }
  dialog.is-wide { width: min(66rem, calc(100vw - 2rem)); }
  dialog .acts { display: flex; flex-wrap: wrap; gap: .5rem; }
  dialog fieldset { display: grid; gap: .4rem; }
  dialog legend { margin-bottom: .35rem; font-weight: 650; }
  dialog .checks { display: flex; flex-wrap: wrap; gap: .1rem 1rem; }
  dialog .checks label { display: inline-flex; gap: .4rem; align-items: center; min-height: 1.5rem; }
  dialog .checks input, dialog .row > label > input, dialog label.row > input { margin: 0; }
  dialog .number { width: 5.25rem; min-height: 1.875rem; padding: .2rem .5rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--softer); }
  dialog .number:disabled { opacity: .5; }
  dialog .code { width: 100%; padding: .5rem .6rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--softer); font: .75rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; resize: vertical; }
  dialog .qr { width: min(18rem, 100%); margin: .5rem 0; border-radius: .5rem; }
  dialog .two { display: grid; grid-template-columns: minmax(0, 20rem) minmax(0, 1fr); gap: 1.25rem; align-items: start; }
  dialog .two > * { display: grid; grid-template-columns: minmax(0, 1fr); gap: .9rem; }
  dialog .keys { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .3rem 1rem; margin-top: .4rem; align-items: baseline; }
  dialog .keys dt { display: flex; gap: .2rem; }
  dialog kbd { min-width: 1.5rem; padding: .05rem .35rem; border: 1px solid var(--edge); border-radius: .3rem; background: var(--softer); font: inherit; font-size: .8125rem; text-align: center; }
  dialog .preview { overflow: auto; max-height: min(36rem, 60dvh); border: 1px dashed var(--edge); border-radius: .75rem; }
  dialog .preview iframe { display: block; border: 0; color-scheme: normal; }
  @media (max-width: 48rem) { dialog .two { grid-template-columns: minmax(0, 1fr); } }
`;

let styled = false;
let count = 0;

/** An element with properties and children; `null` is left out. */
export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter(child => child !== null));
  return made;
}

/** What the page's run answers, see src/app/bridge.rs. */
export function ask(type, fields = {}) {
  const answer = JSON.parse(globalThis.__switchyard(type, JSON.stringify(fields)));
  if (answer.error) throw new Error(answer.error.message);
  return answer;
}

/** "12 345", with narrow spaces, as everywhere on the page. */
export const whole = number => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** A label with its control in one line. */
export function labelled(text, control, ...after) {
  return make('label', { className: 'row' }, control, text, ...after);
}

/**
 * A modal dialog that is gone when it is closed. Escape, the button and a press beside it close it; the browser
 * gives the focus back. The control with `autofocus` has it meanwhile.
 */
export function openDialog(title, content, { wide = false } = {}) {
  if (!styled) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    styled = true;
  }
  const id = `later-title-${count += 1}`;
  const close = make('button', { type: 'button', className: 'button', textContent: 'Close', onclick: () => dialog.close() });
  const dialog = make('dialog', { className: wide ? 'is-wide' : '' },
    make('div', { className: 'inside' },
      make('div', { className: 'top' }, make('h2', { id, textContent: title }), close),
      ...content));
  dialog.setAttribute('aria-labelledby', id);
  dialog.onclick = event => {
    if (event.target === dialog) dialog.close();
  };
  const closed = new Promise(resolve => dialog.addEventListener('close', () => {
    dialog.remove();
    resolve();
  }));
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, closed };
}

/** Hands a file to whoever reads the page. */
export function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  make('a', { href: address, download: name }).click();
  // Revoked once the download has begun for certain.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** "one-slow-server.json". */
export function fileName(title) {
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return `${name || 'scenario'}.json`;
}

/** A button that copies what `field` holds, and says in `said` whether it could. */
export function copyButton(field, said, properties = {}) {
  const onclick = async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = 'Copied.';
    } catch {
      // Not loaded securely, or a frame that may not: what is selected can still be copied by hand.
      field.focus();
      field.select();
      said.textContent = 'The browser does not allow copying. It is selected: copy it with Ctrl+C or ⌘C.';
    }
  };
  return make('button', { type: 'button', className: 'button is-main', textContent: 'Copy', onclick, ...properties });
}
