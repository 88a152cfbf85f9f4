// What keys do: the list that "?" shows.

const { make, openDialog } = await globalThis.__later('dialog');

/** Each group: where its keys hold, and what they do. src/app/lab.rs and src/app/tabs.rs listen to them. */
const GROUPS = [
  ['In a lab, and in Compare', [
    ['Space', 'Play or pause'],
    ['→', 'Step one event'],
    ['Shift →', 'Step to the end of a request'],
    ['←', 'Step back'],
    ['Ctrl Z', 'Undo the last change (⌘ Z on a Mac)'],
  ]],
  ['On what has the focus', [
    ['Tab', 'To the next control, machine or track; Shift Tab to the one before'],
    ['Enter', 'Press a button, follow a link, inspect what is on the stage'],
    ['← → ↑ ↓', 'Turn a slider, choose another chip or tab'],
    ['Home', 'The least, or the first tab'],
    ['End', 'The most, or the last tab'],
  ]],
  ['Everywhere', [
    ['?', 'This list'],
    ['Esc', 'Close a dialog, empty the field that finds labs'],
    ['Ctrl V', 'Open a link or a scenario that was copied'],
  ]],
];

const keyed = keys => make('dt', {}, ...keys.split(' ').map(key => make('kbd', { textContent: key })));
const group = ([where, keys]) => make('section', {},
  make('h3', { textContent: where }),
  make('dl', { className: 'keys' }, ...keys.flatMap(([name, what]) => [keyed(name), make('dd', { textContent: what })])));

export async function open() {
  if (document.querySelector('dialog[open]')) return;
  await openDialog('Keys', GROUPS.map(group)).closed;
}
