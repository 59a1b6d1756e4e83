/**
 * Copies of the records in IndexedDB. Browsers write localStorage to disk late (Chromium: five seconds after the first
 * change, then about once a minute), so a crash forgets what it held; IndexedDB is written at once. Without IndexedDB
 * everything works as before, only a crash costs more: no failure here is an error.
 */

const STORE = 'records';
/** A request may hang when another page holds an older version, or in a browser that has lost its files. */
const PATIENCE = 2000;

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
const soon = (promise) => {
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE));
  return Promise.race([promise, late]);
};

/** @returns {Promise<IDBDatabase>} */
const open = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('partwise', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });

export class Mirror {
  constructor() {
    this.database = soon(open()).catch(() => null);
  }

  /**
   * All copies below a prefix.
   *
   * @param {string} prefix
   * @returns {Promise<[string, string][]>}
   */
  async load(prefix) {
    try {
      const [keys, values] = await soon(
        this.run('readonly', (store) => [store.getAllKeys(below(prefix)), store.getAll(below(prefix))]),
      );
      return keys.map((/** @type {string} */ key, /** @type {number} */ at) => [key, values[at]]);
    } catch {
      return [];
    }
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  put(key, value) {
    this.run('readwrite', (store) => [store.put(value, key)]).catch(() => {});
  }

  /** @param {string} key */
  remove(key) {
    this.run('readwrite', (store) => [store.delete(key)]).catch(() => {});
  }

  /** @param {string} prefix */
  removeBelow(prefix) {
    this.run('readwrite', (store) => [store.delete(below(prefix))]).catch(() => {});
  }

  /**
   * Runs requests in one transaction; their results once it is written.
   *
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest[]} ask
   * @returns {Promise<any[]>}
   */
  async run(mode, ask) {
    const database = await this.database;
    if (!database) return [[], []];
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const requests = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(requests.map((request) => request.result));
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

/** @param {string} prefix */
const below = (prefix) => IDBKeyRange.bound(prefix, `${prefix}\uffff`);
