/** What tools that look at packages say of this one. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { pack, root } from './consumer.mjs';
import { installTools, workshop } from './tools/install.mjs';

before(installTools);

/** A tool of the workshop. @param {string} name @returns {Promise<any>} */
async function tool(name) {
  const { resolve } = createRequire(join(workshop, 'package.json'));
  return import(pathToFileURL(resolve(name)).href);
}

test('publint has nothing to say', async () => {
  const { publint } = await tool('publint');
  const { messages } = await publint({ pkgDir: join(root, 'dist'), strict: true });
  assert.deepEqual(messages, []);
});

test('types are found, and are right, by every way of resolving that knows modules', async () => {
  const { checkPackage, createPackageFromTarballData } = await tool('@arethetypeswrong/core');
  const { filename } = await pack(workshop);
  const tarball = createPackageFromTarballData(await readFile(join(workshop, filename)));
  // Files that are fetched, not imported.
  const excludeEntrypoints = ['worker.js', 'partwise_bg.wasm'];
  const { problems, types } = await checkPackage(tarball, { excludeEntrypoints });
  assert.equal(types.kind, 'included');
  // The package is made of modules only: `require` and TypeScript's way of 2012 (node10) are not supported.
  const ours = problems.filter(
    (/** @type {any} */ { resolutionKind }) => !['node10', 'node16-cjs'].includes(resolutionKind),
  );
  assert.deepEqual(ours, []);
});
