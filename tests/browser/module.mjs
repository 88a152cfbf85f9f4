// The JavaScript module of the built site, in Node.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST } from './serve.mjs';

export const FOLDER = join(DIST, 'module');

export async function load() {
  const module = await import(pathToFileURL(join(FOLDER, 'switchyard.js')).href);
  await module.default({ module_or_path: await readFile(join(FOLDER, 'switchyard_bg.wasm')) });
  return module;
}
