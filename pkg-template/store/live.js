/** Options that are made anew with every rendering: compared by what they say, their functions always the latest ones. */

/** Options that hold functions of the page. */
const HOLDERS = ['backend', 'store', 'form'];
/** Options that may change at any time, since they are asked for with every request. */
const LIVE = ['headers', 'backend'];

/**
 * What tells uploaders apart: all values of the options, but of functions only that they are there.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function fingerprint(value) {
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null || value instanceof URL)
    return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${value.map(fingerprint)}]`;
  const said = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) => `${name}:${LIVE.includes(name) ? 'live' : fingerprint(each)}`);
  return `{${said.sort()}}`;
}

/**
 * Options whose functions are looked up when they are called.
 *
 * @template {object} Options
 * @param {() => Options} latest
 * @returns {Options}
 */
export function live(latest) {
  // Of a copy: a proxy may tell nothing new of an object that is frozen.
  return new Proxy(
    { ...latest() },
    {
      get(_, name) {
        const read = () => /** @type {any} */ (latest())[name];
        const value = read();
        const call = (/** @type {unknown[]} */ ...args) => Reflect.apply(read(), latest(), args);
        if (name === 'headers' && value) return () => (typeof read() === 'function' ? call() : read());
        if (typeof value === 'function') return call;
        return HOLDERS.includes(String(name)) && value instanceof Object ? live(read) : value;
      },
    },
  );
}
