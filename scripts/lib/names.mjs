/**
 * Shortens the names by which the WebAssembly module and its glue know each other.
 *
 * wasm-bindgen ends most of them in a hash, which no compression can shrink, and each is downloaded twice: in the module
 * and in the glue.
 */

const IMPORT_SECTION = 2;
const EXPORT_SECTION = 7;
const HEADER_LENGTH = 8;
/** The names concerned, all of them made by wasm-bindgen. */
export const hashed = /^\w+_{1,5}h?[0-9a-f]{16}$/;

/**
 * @param {Buffer} wasm
 * @returns {{ wasm: Buffer, names: Record<string, string> }} the module with short names, and what became of each name
 */
export function shortenNames(wasm) {
  /** @type {Record<string, string>} */
  const names = {};
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  for (const { name } of [...WebAssembly.Module.imports(module), ...WebAssembly.Module.exports(module)])
    if (hashed.test(name)) names[name] ??= `$${Object.keys(names).length.toString(36)}`;
  return { wasm: rename(wasm, names), names };
}

/**
 * Rewrites the import and export sections. Their entries start with names, each a length and UTF-8 text; instead of
 * parsing what lies between, every name is looked for with its length in front, which no other content equals.
 *
 * @param {Buffer} wasm
 * @param {Readonly<Record<string, string>>} names
 */
function rename(wasm, names) {
  const parts = [wasm.subarray(0, HEADER_LENGTH)];
  for (let at = HEADER_LENGTH; at < wasm.length;) {
    const id = wasm.readUInt8(at);
    const { value: length, end: start } = readLeb(wasm, at + 1);
    let content = wasm.subarray(start, start + length);
    if (id === IMPORT_SECTION || id === EXPORT_SECTION)
      for (const [long, short] of Object.entries(names))
        content = replace(content, encode(long), encode(short));
    parts.push(Buffer.from([id]), leb(content.length), content);
    at = start + length;
  }
  return Buffer.concat(parts);
}

/**
 * @param {Buffer} content
 * @param {Buffer} long
 * @param {Buffer} short
 */
function replace(content, long, short) {
  const at = content.indexOf(long);
  if (at < 0) return content;
  return Buffer.concat([content.subarray(0, at), short, content.subarray(at + long.length)]);
}

/** A name as the binary format has it. @param {string} name */
function encode(name) {
  return Buffer.concat([leb(Buffer.byteLength(name)), Buffer.from(name)]);
}

/** An unsigned number in LEB128. @param {number} value */
function leb(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 */
export function readLeb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at };
  }
}
