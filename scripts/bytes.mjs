/**
 * `npm run size:bytes [-- DEPTH]`: which modules of the crate the WebAssembly's code comes from, before wasm-opt, with the crates
 * that it uses. Bytes of one function that was inlined into another are the other's.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLeb } from './lib/names.mjs';
import { script } from './lib/run.mjs';
import { compile, targetDir } from './lib/wasm.mjs';

const CODE = 10;
const CUSTOM = 0;
const FUNCTION_NAMES = 1;

/** Each function with its name and the length of its code. @param {Buffer} wasm */
function functionsOf(wasm) {
  /** @type {number[]} */
  const lengths = [];
  /** @type {Map<number, string>} */
  const names = new Map();
  const imported = importedFunctions(wasm);
  const reader = new Reader(wasm, 8);
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const end = reader.number() + reader.at;
    if (id === CODE)
      for (let count = reader.number(); count > 0; count -= 1) {
        const length = reader.number();
        lengths.push(length);
        reader.at += length;
      }
    if (id === CUSTOM && reader.text() === 'name')
      while (reader.at < end) {
        const kind = reader.byte();
        const until = reader.number() + reader.at;
        if (kind === FUNCTION_NAMES)
          for (let count = reader.number(); count > 0; count -= 1) names.set(reader.number(), reader.text());
        reader.at = until;
      }
    reader.at = end;
  }
  return lengths.map((bytes, index) => ({ name: names.get(index + imported) ?? '?', bytes }));
}

/** @param {Buffer} wasm */
function importedFunctions(wasm) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(wasm)));
  return imports.filter(({ kind }) => kind === 'function').length;
}

/** Where a mangled name belongs: `partwise::core::upload` for `_ZN8partwise4core6upload…`. @param {string} name */
function moduleOf(name) {
  const [, mangled] = /^_ZN(\d.*)E$/.exec(name) ?? [];
  if (mangled === undefined) return /^_R/.test(name) ? 'std' : 'glue';
  const path = [];
  for (let rest = mangled; ;) {
    const [digits = '', length = 0] = [/^\d+/.exec(rest)?.[0] ?? '', parseInt(rest, 10)];
    if (!digits) break;
    path.push(rest.slice(digits.length, digits.length + length));
    rest = rest.slice(digits.length + length);
  }
  // `<Type as Trait>::method` tells where the type is.
  const [, type] = /^_\$LT\$(?:[a-z]+\.\.)?(?:\$RF\$)?([\w.]+)/.exec(path[0] ?? '') ?? [];
  return type ? type.replaceAll('..', '::') : path.slice(0, -2).join('::') || (path[0] ?? '?');
}

class Reader {
  /** @param {Buffer} bytes @param {number} at */
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++] ?? 0;
  }

  number() {
    const { value, end } = readLeb(this.bytes, this.at);
    this.at = end;
    return value;
  }

  text() {
    const length = this.number();
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }
}

await script(async () => {
  const depth = Number(process.argv[2] ?? 3);
  await compile();
  const wasm = readFileSync(join(await targetDir(), 'wasm32-unknown-unknown', 'wasm', 'partwise.wasm'));
  /** @type {Map<string, { bytes: number, functions: number }>} */
  const modules = new Map();
  for (const { name, bytes } of functionsOf(wasm)) {
    const module = moduleOf(name).split('::').slice(0, depth).join('::');
    const sum = modules.get(module) ?? { bytes: 0, functions: 0 };
    modules.set(module, { bytes: sum.bytes + bytes, functions: sum.functions + 1 });
  }
  const sorted = [...modules].sort(([, a], [, b]) => b.bytes - a.bytes);
  for (const [module, { bytes, functions }] of sorted.filter(([, { bytes }]) => bytes >= 500))
    process.stdout.write(`${String(bytes).padStart(8)} ${String(functions).padStart(6)}  ${module}\n`);
});
