/**
 * Hooks for React 18 and newer.
 *
 * @packageDocumentation
 */
import type { Upload } from './index.js';
import type { UploaderSnapshot, UploadSnapshot, UploadStore, UploadStoreOptions } from './store.js';

export { createUploadStore } from './store.js';
export type {
  Totals,
  UploaderActions,
  UploaderSnapshot,
  UploadSnapshot,
  UploadStore,
  UploadStoreOptions,
} from './store.js';

/**
 * The uploader of these options, and all that was added to it: one for all components that give equal options, loaded when the
 * first of them has mounted. It goes on when they unmount, until `dispose()`. Of functions, `backend` and `headers`, those of the
 * latest rendering are used; another value of any other option leads to another uploader, while the former goes on with what it has.
 */
export function useUploader(source: UploadStoreOptions | UploadStore): UploaderSnapshot;

/** The latest snapshot of one upload: of one of {@link useUploader}, by any snapshot of it, or of one added elsewhere. */
export function useUpload(upload: UploadSnapshot | Upload): UploadSnapshot;
export function useUpload(upload: UploadSnapshot | Upload | null | undefined): UploadSnapshot | undefined;
