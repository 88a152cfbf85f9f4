// A static server for the built site, below a path, as a course page or a project page would have it.
//
//   node serve.mjs [folder] [port] [prefix]

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PREFIX = '/courses/systems/';
export const DIST = process.env.SWITCHYARD_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url));

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** What a site sends so that frames without an origin, and pages that isolate themselves, may show it. */
export const OPEN = {
  'access-control-allow-origin': '*',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'cross-origin',
};

/** Starts serving; port 0 takes a free one. Answers with the site's address and a way to stop. */
export function serve({ folder = DIST, port = 0, prefix = PREFIX, extra = {} } = {}) {
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await answer(request, folder, prefix);
    response.writeHead(status, { 'cache-control': 'no-store', ...headers, ...extra }).end(body);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = `http://127.0.0.1:${server.address().port}${prefix}`;
      const stop = () => new Promise(stopped => {
        server.close(stopped);
        server.closeAllConnections();
      });
      resolve({ address, stop });
    });
  });
}

async function answer(request, folder, prefix) {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  if (!path.startsWith(prefix)) return { status: 404, body: `nothing here; the site is at ${prefix}` };
  const file = normalize(path.slice(prefix.length).replace(/(?<=^|\/)$/, 'index.html'));
  if (file.startsWith('..') || file.startsWith(sep)) return { status: 403 };
  const type = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', vary: 'accept-encoding' };
  // The compressed twins are part of what is delivered, so they are what is tested.
  if (/\bbr\b/.test(request.headers['accept-encoding'] ?? '')) {
    const body = await read(join(folder, `${file}.br`));
    if (body) return { status: 200, headers: { ...type, 'content-encoding': 'br' }, body };
  }
  const body = await read(join(folder, file));
  return body ? { status: 200, headers: type, body } : { status: 404 };
}

function read(file) {
  return readFile(file).catch(() => null);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, port, prefix] = process.argv.slice(2);
  const { address } = await serve({ folder, port: Number(port ?? 4173), prefix });
  console.log(address);
}
