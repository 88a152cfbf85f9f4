// The JavaScript module: the same report as the command line's, in Node and in the browser, for every lab.

import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from './fixtures.mjs';
import { FOLDER, load } from './module.mjs';
import { labIds } from './parts.mjs';

const ROOT = new URL('../..', import.meta.url).pathname;

/** What the command line prints for a lab. */
const printed = id => JSON.parse(execFileSync('cargo', ['run', '--quiet', '--bin', 'switchyard', '--', 'run', id, '--json'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 }));

test('every lab: Node, browser and command line report the same', async ({ page }) => {
  test.setTimeout(300_000);
  const { labs, Scenario, Simulation } = await load();
  expect(labs().map(({ id }) => id).sort()).toEqual(await labIds());
  await page.goto('module/example.html');
  await expect(page.locator('output')).toHaveText(/t = 0\.[1-9]/);
  const inBrowser = await page.evaluate(async () => {
    const { default: init, labs, Scenario, Simulation } = await import('./switchyard.js');
    await init();
    return labs().map(({ scenario }) => {
      const sim = new Simulation(Scenario.check(scenario));
      // In pieces, as a page does it.
      while (sim.advance(1234.5));
      return sim.report();
    });
  });
  for (const [at, { id, scenario }] of labs().entries()) {
    const sim = new Simulation(Scenario.check(scenario));
    while (sim.advance(1e9));
    const expected = printed(id);
    expect(sim.report(), id).toEqual(expected);
    expect(inBrowser[at], id).toEqual(expected);
    sim.free();
  }
});

test('a module that is cut apart does what it did, in every lab', async () => {
  test.setTimeout(300_000);
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-apart-'));
  const parted = join(folder, 'switchyard_bg.wasm');
  execFileSync('cargo', ['xtask', 'apart', join(FOLDER, 'switchyard_bg.wasm'), parted], { cwd: ROOT });
  // The same script, loaded a second time.
  await copyFile(join(FOLDER, 'switchyard.js'), join(folder, 'switchyard.mjs'));
  const [whole, apart] = [await load(), await import(pathToFileURL(join(folder, 'switchyard.mjs')).href)];
  await apart.default({ module_or_path: await readFile(parted) });
  const reports = ({ labs, Scenario, Simulation }) => labs().map(({ scenario }) => {
    const sim = new Simulation(Scenario.check(scenario));
    while (sim.advance(1e9));
    return sim.report();
  });
  expect(reports(apart)).toEqual(reports(whole));
  await rm(folder, { recursive: true });
});

test('the package is whole: npm would pack every file it names, and the types name all that is there', async () => {
  const about = JSON.parse(await readFile(join(FOLDER, 'package.json'), 'utf8'));
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--offline'], { cwd: FOLDER, encoding: 'utf8' }));
  expect(packed.files.map(({ path }) => path).sort()).toEqual([...about.files, 'package.json'].sort());
  expect(about.files).toContain(about.main);
  expect(about.files).toContain(about.types);
  const types = await readFile(join(FOLDER, about.types), 'utf8');
  const module = await load();
  expect(types).toContain('export default function');
  for (const name of ['labs', 'Scenario', 'Simulation']) {
    const thing = module[name];
    expect(types).toMatch(new RegExp(`export (function|class) ${name}\\b`));
    const members = [...Object.getOwnPropertyNames(thing.prototype ?? {}), ...Object.getOwnPropertyNames(thing)];
    for (const member of members.filter(member => !/^(constructor|length|name|prototype|arguments|caller|__.*)$/.test(member))) {
      expect(types, `${name}.${member}`).toMatch(new RegExp(`\\b${member}\\b[(:]`));
    }
  }
});

test('seeds, changes, links and errors', async () => {
  const { labs, Scenario, Simulation } = await load();
  const [{ scenario }] = labs();
  const checked = Scenario.check(JSON.stringify(scenario));
  const [one, other, same] = [7, 8n, 7n].map(seed => new Simulation(checked, { seed }));
  for (const sim of [one, other, same]) sim.advance(5000);
  expect(one.digest()).toBe(same.digest());
  expect(one.digest()).not.toBe(other.digest());
  one.change({ node: 'servers/3', set: { slow: 9 } });
  one.advance(5000);
  const replayed = new Simulation(Scenario.fromLink(`https://x.example/#${Scenario.toLink(one.scenario())}`));
  replayed.advance(10_000);
  expect(replayed.digest()).toBe(one.digest());
  expect(replayed.snapshot().nodes.length).toBe(scenario.nodes.length);
  const fails = call => { try { call(); } catch (error) { return error; } };
  expect(fails(() => Scenario.check({ v: 1, nodes: [{ id: 'a', kind: 'teapot' }] }))).toMatchObject({ code: 'scenario', path: 'a.kind' });
  expect(fails(() => one.change({ node: 'lb', set: { policy: 'nonsense' } }))).toMatchObject({ code: 'scenario', path: expect.stringContaining('policy') });
  expect(fails(() => Scenario.fromLink('s1.AAAA'))).toMatchObject({ code: 'link' });
  expect(fails(() => new Simulation(checked, { seed: -1 }))).toMatchObject({ code: 'argument' });
  expect(fails(() => one.advance(NaN))).toBeInstanceOf(Error);
});
