/** The codes that pages are told, read from the types they are given. */
import assert from 'node:assert/strict';
import { read } from './blocks.mjs';

/** @returns {Promise<{ errors: string[], warnings: string[] }>} in the order of the declarations */
export async function codes() {
  const types = await read('pkg-template/index.d.ts');
  return {
    errors: union(types, 'export type UploadErrorCode ='),
    warnings: union(types, 'export interface Warning {\n  readonly code:'),
  };
}

/** @param {string} types @param {string} start */
function union(types, start) {
  const from = types.indexOf(start);
  assert.ok(from >= 0, `${start} is not where it was`);
  const names = types.slice(from + start.length, types.indexOf(';', from)).matchAll(/'([\w-]+)'/g);
  return [...names].map(([, name = '']) => name);
}
