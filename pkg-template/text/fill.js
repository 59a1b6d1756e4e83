/**
 * Puts values where a phrase names them in braces; a phrase may be a function, for plurals.
 *
 * @param {import('../format.js').Phrase} phrase
 * @param {Readonly<Record<string, string>>} [values]
 * @returns {string}
 */
export function fill(phrase, values = {}) {
  if (typeof phrase === 'function') return phrase(values);
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
