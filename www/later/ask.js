// Asks before something else takes the place of a run that has changes of the learner's own.

const { ask, fileName, make, openDialog, save } = await globalThis.__later('dialog');

let asking = false;

/** True if it may be opened. `stays` is empty where Back cannot bring back what is on the page. */
export async function open(stays) {
  if (asking) return false;
  asking = true;
  const run = ask('share');
  let opens = false;
  const keep = make('button', { type: 'button', className: 'button is-main', textContent: 'Keep mine', autofocus: true });
  const leave = make('button', { type: 'button', className: 'button', textContent: 'Open it' });
  const file = make('button', { type: 'button', className: 'button', textContent: 'Save mine as a file' });
  const { dialog, closed } = openDialog('Open it, and leave your changes?', [
    make('p', { textContent: `You have changed “${run.title}”. What you open takes its place on the page.` }),
    make('p', {
      className: stays ? '' : 'warning',
      textContent: stays
        ? 'Yours is kept in the browser’s history: Back brings it back.'
        : 'Back will not bring yours back here. Save it as a file first.',
    }),
    make('div', { className: 'acts' }, keep, leave, file),
  ]);
  keep.onclick = () => dialog.close();
  leave.onclick = () => {
    opens = true;
    dialog.close();
  };
  file.onclick = () => save(fileName(run.title), run.file);
  await closed;
  asking = false;
  return opens;
}
