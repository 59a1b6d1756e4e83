/**
 * What is known of files to come back to, in IndexedDB: it holds handles of files, which localStorage cannot. Without IndexedDB
 * nothing is known, and files have to be chosen again: no failure here is an error.
 */

/**
 * @typedef {object} KeptFile
 * @property {string} id see {@link import('./keeper.js').Keeper}
 * @property {string} name
 * @property {string} type
 * @property {number} lastModified
 * @property {string} [relativePath] of a file that came in a folder
 * @property {import('../index.js').AddOptions} options what it was added with
 * @property {FileSystemFileHandle} [handle]
 * @property {string} [copy] the name of its copy
 * @property {number} expires milliseconds since 1970
 */

const STORE = 'files';

/** @type {Promise<IDBDatabase | undefined> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase | undefined>} */
const open = () =>
  new Promise((resolve) => {
    const give = () => resolve(undefined);
    try {
      const request = indexedDB.open('partwise-files', 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
      request.onsuccess = () => {
        const database = request.result;
        database.onversionchange = () => database.close();
        resolve(database);
      };
      request.onerror = request.onblocked = give;
      // A request may hang in a browser that has lost its files.
      setTimeout(give, 2000);
    } catch {
      give();
    }
  });

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<Result>} ask
 * @returns {Promise<Result | undefined>} once it is written
 */
async function run(mode, ask) {
  const database = await (opening ??= open());
  return new Promise((resolve) => {
    const give = () => resolve(undefined);
    if (!database) return give();
    try {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = give;
    } catch {
      // Some handles cannot be stored, and a database may be closed.
      give();
    }
  });
}

/** @returns {Promise<KeptFile[]>} */
export const all = async () => (await run('readonly', (store) => store.getAll())) ?? [];

/** @param {string} id @returns {Promise<KeptFile | undefined>} */
export const get = (id) => run('readonly', (store) => store.get(id));

/** Whether it was stored. @param {KeptFile} file */
export const put = async (file) => (await run('readwrite', (store) => store.put(file))) !== undefined;

/** @param {string} id */
export const remove = (id) => run('readwrite', (store) => store.delete(id));
