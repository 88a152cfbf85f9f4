// `?src=https://…`: a scenario from elsewhere. Loaded by boot.js only where an address asks for it.
//
// What comes of it is put where the app looks for it: globalThis.__sourceText or globalThis.__sourceProblem.

/** The largest file that is taken. */
const BYTES_MAX = 64 * 1024;
const WAIT_MS = 10_000;

/** Reads it; in a frame only once somebody has agreed. */
export async function read(address, inFrame) {
  try {
    const url = allowed(address);
    if (inFrame) await agreed(url.host);
    globalThis.__sourceText = await text(url);
  } catch (error) {
    globalThis.__sourceProblem = error instanceof Refusal ? error.message : 'It could not be fetched: the host does not answer, or does not let other sites read it (CORS).';
  }
}

class Refusal extends Error {}

/** Only public hosts, by https: no scripts in disguise, no machine or network of the reader's own. */
function allowed(address) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'https:') throw new Refusal('Its address must begin with https://.');
  if (url.username || url.password) throw new Refusal('Its address must not hold a name or a password.');
  const host = url.hostname;
  const isNumber = /^[\d.]+$/.test(host) || host.startsWith('[');
  if (isNumber || !host.includes('.') || /(^|\.)(localhost|local|internal|lan|home|corp|localdomain|home\.arpa)\.?$/.test(host)) {
    throw new Refusal('Its address must name a public host.');
  }
  return url;
}

/** Asks; never resolves where nobody agrees. */
function agreed(host) {
  return new Promise(resolve => {
    const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
    const box = make('main', { className: 'home source' });
    const button = make('button', { type: 'button', className: 'button is-main', textContent: 'Load it' });
    box.append(make('p', { textContent: `The scenario of this frame comes from ${host}.` }), button);
    button.onclick = () => {
      box.remove();
      resolve();
    };
    document.body.append(box);
  });
}

async function text(url) {
  const response = await fetch(url, {
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    redirect: 'error',
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (!response.ok) throw new Refusal(`The host answered ${response.status}.`);
  const chunks = [];
  let bytes = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > BYTES_MAX) {
      await reader.cancel();
      throw new Refusal(`It is larger than ${BYTES_MAX / 1024} KiB.`);
    }
    chunks.push(value);
  }
  return new Blob(chunks).text();
}
