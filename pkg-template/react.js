'use client';
/** Hooks for React. The store behind them outlives every component. */
import { useEffect, useSyncExternalStore } from 'react';
import { trackUpload, uploadStore } from './store.js';

const nothing = { subscribe: () => () => {}, getSnapshot: () => undefined };

/** @type {typeof import('./react.js').useUploader} */
export function useUploader(source) {
  const store = uploadStore(source);
  // Not while rendering, which may come to nothing.
  useEffect(() => {
    if (!('getSnapshot' in source)) store.update(source);
  });
  useEffect(() => store.load(), [store]);
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
}

/** @type {any} Its overloads are in react.d.ts. */
export const useUpload = (/** @type {import('./react.js').UploadSnapshot | undefined} */ upload) => {
  const { subscribe, getSnapshot } = upload ? trackUpload(upload) : nothing;
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
};

export { createUploadStore } from './store.js';
