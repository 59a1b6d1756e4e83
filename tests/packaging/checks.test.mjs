/** What tools that look at packages say of this one. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { writeDocs } from '../../scripts/docs.mjs';
import { installTools, tool, workshop } from '../../scripts/lib/tools.mjs';
import { pack, root } from './consumer.mjs';

before(installTools);

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

test('TypeDoc has nothing to complain of', async () => {
  assert.equal(await writeDocs(join(root, 'target', 'api')), 0);
});
