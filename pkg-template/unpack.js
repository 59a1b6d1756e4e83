/**
 * The bytes of a gzip'd, base64 encoded text.
 *
 * @param {string} text
 * @returns {Promise<ArrayBuffer>}
 */
export function unpack(text) {
  const stream = new Blob([decode(text)]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

/** A page that loads must not stand still for this: `Uint8Array.from` with a function takes 100 ms. @param {string} text */
function decode(text) {
  // Browsers of 2025 and later.
  const { fromBase64 } = /** @type {any} */ (Uint8Array);
  if (fromBase64) return /** @type {Uint8Array<ArrayBuffer>} */ (fromBase64.call(Uint8Array, text));
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  return bytes;
}
