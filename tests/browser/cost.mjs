// What a page costs its browser: processor time of all its processes, and of the main thread, for each frame.
// From /proc, so on Linux alone; processor time tells the same on a busy machine.

import { chromium } from '@playwright/test';
import { readdirSync, readFileSync } from 'node:fs';
import { args, executablePath } from './chromium.mjs';

/** A tick of the figures in /proc/PID/stat, on every Linux that we know. */
const TICK_MS = 10;

/** WebGL without a graphics card; for all that are compared. */
const SOFTWARE = ['--enable-unsafe-swiftshader'];

/** A browser of its own, whose processes can be told from those of others. */
export async function start() {
  const server = await chromium.launchServer({ executablePath, args: [...args, ...SOFTWARE] });
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, pid: server.process().pid, stop: () => server.close() };
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

/** The process and all that it has started. */
function family(root) {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const stat = read(`/proc/${pid}/stat`);
    parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOurs = pid => pid === root || (parents.get(pid) > 1 && isOurs(parents.get(pid)));
  return [...parents.keys()].filter(isOurs);
}

/** Milliseconds so far: `all` of the processes, `main` of the main threads of those that show pages. */
export function spent(root) {
  const pids = family(root);
  const of = pid => {
    const stat = read(`/proc/${pid}/stat`);
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
    return ((user + system) || 0) * TICK_MS;
  };
  // The thread that has the process's own number is the first: the main one.
  const main = pid => Number(read(`/proc/${pid}/task/${pid}/schedstat`).split(' ')[0] || 0) / 1e6;
  const pages = pids.filter(pid => read(`/proc/${pid}/cmdline`).includes('--type=renderer'));
  const sum = (some, of) => some.reduce((sum, pid) => sum + of(pid), 0);
  return { all: sum(pids, of), main: sum(pages, main) };
}

/** For each frame of the next `ms`: milliseconds of the whole browser and of the main thread; and frames a second. */
export async function perFrame(root, page, ms) {
  const before = spent(root);
  const [frames, took] = await page.evaluate(ms => new Promise(done => {
    let frames = 0;
    let first;
    const next = now => {
      first ??= now;
      if (now - first >= ms) done([frames, now - first]);
      else (frames++, requestAnimationFrame(next));
    };
    requestAnimationFrame(next);
  }), ms);
  const after = spent(root);
  return { all: (after.all - before.all) / frames, main: (after.main - before.main) / frames, perSecond: frames / took * 1000 };
}
