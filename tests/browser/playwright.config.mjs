import { defineConfig } from '@playwright/test';
import { args, executablePath } from './chromium.mjs';
import { PREFIX } from './serve.mjs';

const port = Number(process.env.SWITCHYARD_PORT ?? 4173);
const address = `http://127.0.0.1:${port}${PREFIX}`;

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  outputDir: '../../target/browser',
  timeout: 30_000,
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // Other programs of a busy machine make a test late now and then. One that passes only the second time is named
  // as flaky, with the trace of its second try; recording all first tries would take a quarter more time.
  retries: 1,
  reporter: [['list']],
  use: {
    baseURL: address,
    // One would answer in the place of the tests' own routes; offline.spec.mjs allows it.
    serviceWorkers: 'block',
    trace: 'on-first-retry',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath, args },
  },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1440, height: 900 } } },
    // Tests whose title holds @phone run here too.
    {
      name: 'phone',
      grep: /@phone/,
      use: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
    },
  ],
  webServer: { command: `node serve.mjs ${process.env.SWITCHYARD_DIST ?? '../../dist'} ${port}`, url: address, reuseExistingServer: false },
});
