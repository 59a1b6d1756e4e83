/**
 * Composables for Vue 3.3 and newer.
 *
 * @packageDocumentation
 */
import type { ComputedRef, MaybeRefOrGetter, ShallowRef } from 'vue';
import type { Upload } from './index.js';
import type {
  UploaderActions,
  UploaderSnapshot,
  UploadSnapshot,
  UploadStore,
  UploadStoreOptions,
} from './store.js';

export { createUploadStore } from './store.js';
export type {
  Totals,
  UploaderActions,
  UploaderSnapshot,
  UploadSnapshot,
  UploadStore,
  UploadStoreOptions,
} from './store.js';

/** What {@link useUploader} returns: refs of what is in an {@link UploaderSnapshot}, and its functions. */
export type UploaderRefs = UploaderActions & {
  readonly [Name in Exclude<keyof UploaderSnapshot, keyof UploaderActions>]: ComputedRef<
    UploaderSnapshot[Name]
  >;
};

/** What an upload can be told. */
export type UploadAction = 'pause' | 'resume' | 'retry' | 'cancel' | 'remove';

/** What {@link useUpload} returns: refs of what is in an {@link UploadSnapshot}, and its functions. */
export type UploadRefs<Missing = never> = Pick<UploadSnapshot, UploadAction> & {
  readonly [Name in Exclude<keyof UploadSnapshot, UploadAction | 'finished'>]-?: ComputedRef<
    UploadSnapshot[Name] | Missing
  >;
} & {
  /** Everything together, as it is passed to other components. */
  readonly snapshot: Readonly<ShallowRef<UploadSnapshot | Missing>>;
};

/**
 * The uploader of these options, and all that was added to it: one for all components that give equal options, loaded when
 * the first of them is set up in a browser. It goes on when their scopes end, until `dispose()`. Options may be reactive. Of
 * functions, `backend` and `headers`, the latest are used; another value of any other option leads to another uploader, while the
 * former goes on with what it has.
 */
export function useUploader(source: MaybeRefOrGetter<UploadStoreOptions | UploadStore>): UploaderRefs;

/** The latest of one upload: of one of {@link useUploader}, by any snapshot of it, or of one added elsewhere. */
export function useUpload(upload: MaybeRefOrGetter<UploadSnapshot | Upload>): UploadRefs;
/** Of nothing everything is `undefined`, and the functions do nothing. */
export function useUpload(
  upload: MaybeRefOrGetter<UploadSnapshot | Upload | null | undefined>,
): UploadRefs<undefined>;
