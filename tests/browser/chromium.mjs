// How Chromium is started: by the tests, the pictures and the benches.

import { existsSync } from 'node:fs';

// `cargo xtask` names the browser that it found.
export const executablePath = process.env.CHROME
  ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(path => existsSync(path));

export const args = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  // Chromium's sandbox refuses to start as root, which is what a container usually is.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];
