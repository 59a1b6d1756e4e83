/** Composables for Vue. The store behind them outlives every component. */
import { computed, getCurrentInstance, onMounted, shallowRef, toRaw, toValue, watchEffect } from 'vue';
import { trackUpload, uploadStore } from './store.js';

export { createUploadStore } from './store.js';

const UPLOADER_REFS = names('ready error uploads pending totals');
const UPLOADER_ACTIONS = names('add resume discard pauseAll resumeAll cancelAll clear retry dispose');
const UPLOAD_REFS = names('id file key state progress hash retrying warning error result upload');
const UPLOAD_ACTIONS = names('pause resume retry cancel remove');

/** @type {typeof import('./vue.js').useUploader} */
export function useUploader(source) {
  const find = () => uploadStore(toValue(source));
  let store = find();
  const snapshot = latestOf(() => {
    const given = toValue(source);
    store = find();
    if (!('getSnapshot' in given)) store.update(given);
    store.load();
    return store;
  }, store.getServerSnapshot());
  return /** @type {any} */ ({
    ...refs(UPLOADER_REFS, () => snapshot.value),
    ...calls(UPLOADER_ACTIONS, () => store),
  });
}

/** @type {any} Its overloads are in vue.d.ts. */
export const useUpload = (/** @type {import('vue').MaybeRefOrGetter<any>} */ upload) => {
  // Somebody's `ref` may have put a proxy around it.
  const find = () => toRaw(toValue(upload));
  const snapshot = latestOf(() => (find() ? trackUpload(find()) : nothing), undefined);
  return {
    snapshot,
    ...refs(UPLOAD_REFS, () => snapshot.value),
    ...calls(UPLOAD_ACTIONS, () => snapshot.value),
  };
};

const nothing = { subscribe: () => () => {}, getSnapshot: () => undefined };

/**
 * The latest snapshot of what is found, for as long as the scope lives.
 *
 * @template Snapshot
 * @param {() => import('./store.js').Observable<Snapshot>} find is asked again when anything reactive in it changes
 * @param {Snapshot} before what a server renders
 */
function latestOf(find, before) {
  const snapshot = shallowRef(before);
  const start = () =>
    watchEffect(
      (onCleanup) => {
        const { subscribe, getSnapshot } = find();
        const take = () => {
          snapshot.value = getSnapshot();
        };
        take();
        onCleanup(subscribe(take));
      },
      { flush: 'sync' },
    );
  if (typeof document === 'undefined') return snapshot;
  // A component that already has an element takes over what a server has rendered, and has to begin with the same.
  if (getCurrentInstance()?.vnode.el) onMounted(start);
  else start();
  return snapshot;
}

/**
 * @param {readonly string[]} names
 * @param {() => any} from
 */
function refs(names, from) {
  return Object.fromEntries(names.map((name) => [name, computed(() => from()?.[name])]));
}

/**
 * @param {readonly string[]} names
 * @param {() => any} on
 */
function calls(names, on) {
  const call =
    (/** @type {string} */ name) =>
    (/** @type {unknown[]} */ ...args) =>
      on()?.[name](...args);
  return Object.fromEntries(names.map((name) => [name, call(name)]));
}

/** @param {string} list */
function names(list) {
  return list.split(' ');
}
