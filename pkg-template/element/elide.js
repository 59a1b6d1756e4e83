/** Long names. */

/** The widest name shown, in columns of a Latin letter, and how much of it is its end. */
const WIDEST = 60;
const TAIL = 20;

/** Hangul, Chinese, Japanese and other letters as wide as two, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[^\u0000-\uffff]/u;

/** A name too long to read loses its middle: beginnings and endings tell files apart. @param {string} name */
export function elide(name) {
  const letters = [...name];
  const width = (/** @type {string} */ letter) => (WIDE.test(letter) ? 2 : 1);
  if (letters.reduce((sum, letter) => sum + width(letter), 0) <= WIDEST) return name;
  const fit = (/** @type {string[]} */ list, /** @type {number} */ columns) => {
    let left = columns;
    return list.slice(
      0,
      list.findIndex((letter) => (left -= width(letter)) < 0),
    );
  };
  const tail = fit([...letters].reverse(), TAIL).reverse();
  return `${fit(letters, WIDEST - TAIL - 1).join('')}…${tail.join('')}`;
}
