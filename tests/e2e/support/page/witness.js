// Everything the library tells a page or leaves in it, as text, for the check that no secret is among it
// (`../secrets.mjs`).

const EVENTS = /** @type {const} */ ([
  'state',
  'progress',
  'hash',
  'part',
  'retry',
  'warning',
  'done',
  'error',
]);

/** What was told: the first of each kind, where kinds differ in more than numbers. @type {Map<string, string>} */
const told = new Map();

/**
 * Notes all that an upload says from now on.
 *
 * @param {import('partwise').Upload} upload
 */
export function watch(upload) {
  for (const event of EVENTS) upload.on(event, (detail) => note(detail));
  upload.finished.then(note, note);
}

/** Notes something the library returned or threw. @param {unknown} value */
export function note(value) {
  const whole = text(value);
  const kind = whole.replace(/\d+/g, '0');
  if (!told.has(kind)) told.set(kind, whole);
}

/** What `observe.js` has seen written. @type {Map<string, string>} */
const written = /** @type {any} */ (window).observed.written;

/** Forgets what was told and written. */
export function forget() {
  told.clear();
  written.clear();
}

/** All that was told, was written at any time, and is kept, as text. */
export async function evidence() {
  return {
    told: [...told.values()].join('\n'),
    written: [...written.values()].join('\n'),
    localStorage: text(attempt(() => ({ ...localStorage }))),
    sessionStorage: text(attempt(() => ({ ...sessionStorage }))),
    cookies: String(attempt(() => document.cookie)),
    // Where a page may not read the one, it may not read the other.
    indexedDB: attempt(() => localStorage) ? await databases() : '',
  };
}

async function databases() {
  const known = (await indexedDB.databases?.()) ?? [{ name: 'partwise' }];
  return (await Promise.all(known.map(({ name = '' }) => contents(name)))).join('\n');
}

/**
 * @template T
 * @param {() => T} read
 */
function attempt(read) {
  try {
    return read();
  } catch {
    // What a page may not read, it could not write either.
    return '';
  }
}

/** Also what is not enumerable, such as an error's message and stack, or has a getter. @param {unknown} value */
function text(value, depth = 0) {
  if (typeof value !== 'object' || value === null || depth > 4) return String(value);
  /** @type {Set<string>} */
  const names = new Set();
  for (let at = value; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    Object.getOwnPropertyNames(at).forEach((name) => names.add(name));
  /** @type {string} */
  const fields = [...names]
    .map((name) => {
      const field = attempt(() => /** @type {any} */ (value)[name]);
      return typeof field === 'function' ? '' : `${name}: ${text(field, depth + 1)}`;
    })
    .join(', ');
  return `{ ${fields} }`;
}

/** @param {string} name of a database */
async function contents(name) {
  /** @type {IDBDatabase} */
  const database = await result(indexedDB.open(name));
  try {
    const stores = [...database.objectStoreNames].map(async (store) => {
      const objects = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([result(objects.getAllKeys()), result(objects.getAll())]);
      return text([...keys, ...values]);
    });
    return (await Promise.all(stores)).join('\n');
  } finally {
    database.close();
  }
}

/**
 * @param {IDBRequest} request
 * @returns {Promise<any>}
 */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
