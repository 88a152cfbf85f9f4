// Keeps the whole site, so that it opens without a network. `cargo xtask build` puts two lines in front:
//
//   VERSION  a name for this state of the site
//   FILES    {path below the site: base64 of the SHA-256 of what it holds}; "" and "all/" are the two pages
//
// Versions are never mixed. A version is taken whole or not at all: each file must be what the list says, so a
// host that is just being updated gives none. A page comes from the newest version that is there whole, and
// what it then asks for has a hash in its name, so it finds its own files: in this version, in the one before
// it, which is kept for pages that are still open, or on the host.

const SCOPE = self.registration.scope;
/** Other sites, and other copies of this one, may have the same origin. */
const OURS = `switchyard ${SCOPE} `;
const NAME = OURS + VERSION;

self.addEventListener('install', event => event.waitUntil(take()));
self.addEventListener('activate', event => event.waitUntil(begin()));
self.addEventListener('fetch', event => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(SCOPE)) return;
  event.respondWith(answer(request));
  if (request.mode === 'navigate') event.waitUntil(leaveIfGone());
});

async function take() {
  const cache = await caches.open(NAME);
  // `no-cache`: what an earlier version left in the browser is asked for again, and mostly not sent again.
  const wanted = ([path, hash]) => new Request(new URL(path, SCOPE), { cache: 'no-cache', integrity: `sha256-${hash}` });
  try {
    await cache.addAll(Object.entries(FILES).map(wanted));
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
  await self.skipWaiting();
}

/** From the next load on this version is shown. */
async function begin() {
  const [, , ...older] = await versions();
  await Promise.all(older.map(name => caches.delete(name)));
  await self.clients.claim();
}

/** Those that are kept: this one, then the others, newest first. */
async function versions() {
  const names = (await caches.keys()).filter(name => name.startsWith(OURS)).reverse();
  return names.sort((one, other) => (other === NAME) - (one === NAME));
}

async function answer(request) {
  const { origin, pathname } = new URL(request.url);
  const address = origin + pathname.replace(/\/index\.html$/, '/');
  for (const name of await versions()) {
    const kept = await (await caches.open(name)).match(address, { ignoreVary: true });
    // Some hosts leave `.html` out of addresses; a page must not come from where its address did not lead.
    if (kept) return kept.redirected ? new Response(kept.body, { headers: kept.headers }) : kept;
  }
  return fetch(request);
}

/** Where this script is gone, so is the site, and another may be in its place: its pages must not be hidden. */
async function leaveIfGone() {
  const found = await fetch(self.location.href, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (found?.status !== 404 && found?.status !== 410) return;
  await Promise.all((await versions()).map(name => caches.delete(name)));
  await self.registration.unregister();
}
