/**
 * What is known of files to come back to, in IndexedDB: it holds handles of files, which localStorage cannot. Without IndexedDB
 * nothing is known, and files have to be chosen again: no failure here is an error.
 */

/**
 * @typedef {object} KeptFile
 * @property {string} id that of the pending upload
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
/** Milliseconds. A request may hang in a browser that has lost its files. */
const PATIENCE = 2000;

/** @type {Promise<IDBDatabase | undefined> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase | undefined>} */
const open = () =>
  new Promise((resolve) => {
    // What has failed may work the next time.
    const giveUp = () => {
      opening = undefined;
      resolve(undefined);
    };
    try {
      const request = indexedDB.open('partwise-files', 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
      request.onsuccess = () => {
        const database = request.result;
        database.onversionchange = () => {
          database.close();
          opening = undefined;
        };
        database.onclose = () => (opening = undefined);
        resolve(database);
      };
      request.onerror = giveUp;
      setTimeout(giveUp, PATIENCE);
    } catch {
      giveUp();
    }
  });

/**
 * @template Result
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<Result>} ask
 * @returns {Promise<Result | undefined>} once it is written; nothing when that fails
 */
async function run(mode, ask) {
  const database = await (opening ??= open());
  return new Promise((resolve) => {
    const giveUp = () => resolve(undefined);
    if (!database) return giveUp();
    try {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = giveUp;
    } catch {
      // Some handles cannot be stored.
      giveUp();
    }
  });
}

/** Nothing when it is not known what there is. @returns {Promise<KeptFile[] | undefined>} */
export const all = () => run('readonly', (store) => store.getAll());

/** @param {string} id @returns {Promise<KeptFile | undefined>} */
export const get = (id) => run('readonly', (store) => store.get(id));

/** Whether it was stored. @param {KeptFile} file */
export const put = async (file) => (await run('readwrite', (store) => store.put(file))) !== undefined;

/** @param {string} id */
export const remove = (id) => run('readwrite', (store) => store.delete(id));
