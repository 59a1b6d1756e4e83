/** Type-checks code with `partwise` as it is declared in `pkg-template`. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, runIn } from '../consumer.mjs';

/** Where the blocks are written: below the root, so that they find its packages. */
export const folder = join(root, 'target', 'docs');

/** What examples leave to the reader, and packages that only code of former times imports. */
const AMBIENT = `/// <reference path="../../pkg-template/global.d.ts" />
declare const user: string;
declare const token: string;
declare const file: File;
declare function api(route: string, body: unknown): Promise<any>;
declare function show(percent: number): void;
declare module '@aws-sdk/client-s3';
declare module '@aws-sdk/lib-storage';
declare module '@uppy/aws-s3';
declare module '@uppy/core';
declare module 'simple-uploader.js';
declare module 'spark-md5';
`;

const SHARED = {
  ...{ target: 'es2023', module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] },
  ...{ lib: ['es2023', 'dom', 'dom.iterable'], moduleDetection: 'force', verbatimModuleSyntax: true },
  ...{ strict: true, noEmit: true, skipLibCheck: true },
  paths: {
    partwise: ['../../pkg-template/index.d.ts'],
    'partwise/external': ['../../pkg-template/external.d.ts'],
    'partwise/global': ['../../pkg-template/global.d.ts'],
    'partwise/hash': ['../../pkg-template/hash.d.ts'],
    'partwise/react': ['../../pkg-template/react.d.ts'],
    'partwise/store': ['../../pkg-template/store.d.ts'],
    'partwise/vue': ['../../pkg-template/vue.d.ts'],
    'partwise/element': ['../../pkg-template/element.d.ts'],
    'partwise/format': ['../../pkg-template/format.d.ts'],
  },
  jsx: 'react-jsx',
};

/** JavaScript says less about its types. */
const LOOSE = { allowJs: true, checkJs: true, noImplicitAny: false, strictNullChecks: false };

/** A folder without anything of an earlier run. */
export async function empty() {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'ambient.d.ts'), AMBIENT);
}

/**
 * Writes code where it finds what it imports.
 *
 * @param {string} place where it stands in the documents
 * @param {'ts' | 'tsx' | 'js'} language
 * @param {string} text
 * @returns {Promise<string>} the file's name
 */
export async function write(place, language, text) {
  const name = `${place.replace(/\W+/g, '-')}.${language}`;
  await writeFile(join(folder, name), text);
  return name;
}

/**
 * Checks what was written in one language. Rejects with what the compiler says.
 *
 * @param {'ts' | 'js'} language
 */
export async function check(language) {
  const compilerOptions = language === 'ts' ? SHARED : { ...SHARED, ...LOOSE };
  const config = { compilerOptions, include: [`*.${language}`, `*.${language}x`, 'ambient.d.ts'] };
  await writeFile(join(folder, `${language}.json`), JSON.stringify(config));
  await runIn(folder, join(root, 'node_modules', '.bin', 'tsc'), ['-p', `${language}.json`]);
}
