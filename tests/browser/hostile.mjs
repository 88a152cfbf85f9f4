// Links that are meant to hurt, and how long one takes: for the tests and the benches.

import { readFile } from 'node:fs/promises';
import { fragment, pack } from './link.mjs';

const LAB = JSON.parse(await readFile(new URL('../../src/labs/load-balancing/unequal-servers.json', import.meta.url), 'utf8'));
const many = count => JSON.stringify({ ...LAB, links: Array(count).fill({ from: 'lb', to: 'servers' }) });
/** All that a link may unpack to, and not a character of it right. */
const wrong = node => JSON.stringify({ ...LAB, nodes: Array(Math.floor(250_000 / (JSON.stringify(node).length + 1))).fill(node) });

/** By what they are: what makes the fragment, with its `#`. */
export const HOSTILE = {
  'a fragment of 1.5 million characters': () => `#s1.${'A'.repeat(1_500_000)}.0000000`,
  'a fragment of 1.5 million dots': () => `#s1${'.'.repeat(1_500_000)}`,
  'a fragment of half a million escapes': () => `#s1.${'%2E'.repeat(500_000)}`,
  'the longest fragment that is looked at': () => `#s1.${'A'.repeat(16_372)}.0000000`,
  'a deflate bomb': () => pack(' '.repeat(10_000_000)),
  'depth 10 000': () => pack(`{"v":1,"nodes":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
  'as many links between nodes as fit': () => pack(many(8000)),
  'a million links between nodes': () => pack(many(1_000_000)),
  'thousands of nodes that are none': () => pack(wrong({ id: 'x', kind: 'teapot' })),
  'thousands of nodes of every fault': () => pack(wrong({ id: 'lb', kind: 'servers', count: -1, workers: 1e99, runs: 7, members: [[]], to: ['nobody'], more: {} })),
  'a hundred thousand empty lists': () => pack(`{"v":1,"nodes":[${'[],'.repeat(80_000)}[]]}`),
  'a name of 200 000 characters': () => pack(JSON.stringify({ ...LAB, title: 'x'.repeat(200_000) })),
  'a number that is none': () => pack(JSON.stringify(LAB).replace(/"rate_per_s":\d+/, '"rate_per_s":1e999')),
  'ids that occur twice': () => fragment({ ...LAB, nodes: [...LAB.nodes, LAB.nodes[1]] }),
  'no JSON': () => pack('<img src=x onerror=alert(1)>'),
};

/**
 * Runs in the page: milliseconds from another fragment in its address until there is an element, and the page
 * has come to rest.
 */
export async function timed([hash, selector]) {
  const began = performance.now();
  const came = new Promise(resolve => addEventListener('popstate', resolve, { once: true }));
  location.hash = hash;
  await came;
  // A task each, without a timer's delay.
  const { port1, port2 } = new MessageChannel();
  const task = () => new Promise(resolve => { port1.onmessage = resolve; port2.postMessage(0); });
  do await task(); while (!document.querySelector(selector));
  const ms = performance.now() - began;
  port1.close();
  return ms;
}
