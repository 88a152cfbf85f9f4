// A static server for the built site, below a path, as a course page or a project page would have it.
//
//   node serve.mjs [folder] [port] [prefix]

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export const PREFIX = '/courses/systems/';
export const DIST = process.env.SWITCHYARD_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url));

export const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
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

/** What a host does: this one says that nothing may be kept, and sends the compressed twins, which are part of what is delivered. */
const HOST = {
  types: TYPES,
  /** Suffixes and encodings of the twins that it knows. */
  twins: { br: 'br' },
  /** Whether it compresses such a type itself. */
  squeezes: () => false,
  /** The headers for a file, whose path is below the site, for a request with an origin or without. */
  headers: () => ({ 'cache-control': 'no-store' }),
  /** Leaves `.html` out of addresses. */
  bare: false,
};

/** Starts serving; port 0 takes a free one. Answers with the site's address and a way to stop. */
export function serve({ folder = DIST, port = 0, prefix = PREFIX, extra = {}, host = {} } = {}) {
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await answer(request, folder, prefix, { ...HOST, ...host });
    response.writeHead(status, { ...headers, ...extra }).end(body);
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

async function answer(request, folder, prefix, host) {
  const { pathname, search } = new URL(request.url, 'http://localhost');
  const path = decodeURIComponent(pathname);
  if (!path.startsWith(prefix)) return { status: 404, body: `nothing here; the site is at ${prefix}` };
  let file = normalize(path.slice(prefix.length).replace(/(?<=^|\/)$/, 'index.html'));
  if (file.startsWith('..') || file.startsWith(sep)) return { status: 403 };
  if (host.bare && path.endsWith('.html')) return { status: 308, headers: { location: path.replace(/(index)?\.html$/, '') + search } };
  if (host.bare && extname(file) === '') file += '.html';
  const type = host.types[extname(file)] ?? 'application/octet-stream';
  const headers = { 'content-type': type, vary: 'accept-encoding', ...host.headers(file, request.headers) };
  const accepted = request.headers['accept-encoding'] ?? '';
  for (const [suffix, encoding] of Object.entries(host.twins)) {
    const body = accepted.includes(encoding) && await read(join(folder, `${file}.${suffix}`));
    if (body) return { status: 200, headers: { ...headers, 'content-encoding': encoding }, body };
  }
  const body = await read(join(folder, file));
  if (!body) return { status: 404, headers: { 'cache-control': 'no-store' } };
  if (!host.squeezes(type.replace(/;.*/, '')) || !accepted.includes('gzip')) return { status: 200, headers, body };
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(body) };
}

function read(file) {
  return readFile(file).catch(() => null);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, port, prefix] = process.argv.slice(2);
  const { address } = await serve({ folder, port: Number(port ?? 4173), prefix });
  console.log(address);
}
