/** Long names. */

/** The widest name shown, in columns of a Latin letter, and how much of it is its end. */
const WIDEST = 60;
const TAIL = 20;

/** A name too long to read loses its middle: beginnings and endings tell files apart. @param {string} name */
export function elide(name) {
  const letters = [...name];
  const width = (/** @type {string} */ letter) => (/[\u1100-\uffdc]|[^\u0000-\uffff]/u.test(letter) ? 2 : 1);
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
