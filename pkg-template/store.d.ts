/**
 * Uploads that outlive what shows them: what `partwise/react` and `partwise/vue` sit on, for other frameworks and for none.
 *
 * @packageDocumentation
 */
import type {
  AddOptions,
  HashProgress,
  PendingUpload,
  Progress,
  RetryNotice,
  Upload,
  UploadError,
  Uploader,
  UploaderOptions,
  UploadResult,
  UploadState,
  Warning,
} from './index.js';

/**
 * Options of the uploader. Of functions, `backend` and `headers`, those given last are used; they may differ each time. Any
 * other difference makes another uploader.
 */
export type UploadStoreOptions = UploaderOptions & {
  /**
   * Makes the uploader, for instance that of `partwise/external`. Called once, when the uploader is needed. Default: that of
   * `partwise`, which is loaded then.
   */
  createUploader?: (options: UploaderOptions) => Promise<Uploader>;
};

/** One upload as it is at a moment. Never changes; its functions act on the upload, whenever the snapshot was taken. */
export interface UploadSnapshot {
  /** Unique within the page. */
  readonly id: string;
  readonly file: File;
  /** The object's key, once known. */
  readonly key?: string | undefined;
  /** `queued` also while the uploader is being loaded. */
  readonly state: UploadState;
  readonly progress: Progress;
  /** With `hash: 'md5'`, once hashing has begun. */
  readonly hash?: HashProgress | undefined;
  /** A request has failed and is going to be made again; gone once bytes advance. */
  readonly retrying?: RetryNotice | undefined;
  /** The latest one. */
  readonly warning?: Warning | undefined;
  /** Why it failed, in state `failed`; also what `Uploader.add` throws. */
  readonly error?: UploadError | undefined;
  /** What arrived, in state `done`. */
  readonly result?: UploadResult | undefined;
  /** The upload itself, once there is one. */
  readonly upload?: Upload | undefined;
  /**
   * Settles when the upload is done, failed or cancelled, or its uploader disposed. Not of the moment: after a retry this is
   * a new promise.
   */
  readonly finished: Promise<UploadResult>;
  /** As {@link Upload.pause}; also before the uploader is loaded. */
  pause(): void;
  /** Goes on after `pause()`, or tries a failed upload again from what the store already has. */
  resume(): void;
  /** Tries a failed upload again from what the store already has, and a cancelled one from the beginning. */
  retry(): void;
  /** As {@link Upload.cancel}. It stays in the list, as `cancelled`. */
  cancel(): Promise<void>;
  /** Takes it off the list; cancels it first unless it is done. */
  remove(): void;
}

/** All uploads of a list together, without those that were cancelled. */
export interface Totals {
  readonly files: number;
  /** Neither paused nor at an end. */
  readonly active: number;
  readonly paused: number;
  readonly done: number;
  readonly failed: number;
  /** Bytes. */
  readonly loaded: number;
  /** Bytes. */
  readonly total: number;
  /** 0 to 100; 0 while there are no files. */
  readonly percent: number;
  readonly bytesPerSecond: number;
  /** Until the active ones have arrived; `null` while no rate is known. */
  readonly secondsLeft: number | null;
}

/** What can be done with all uploads. The functions never change, and need no `this`. */
export interface UploaderActions {
  /**
   * Takes files at any time: those added before the uploader is loaded wait for it. Never throws: what `Uploader.add` would
   * throw becomes the error of an upload that has failed.
   */
  add(file: File, options?: AddOptions): UploadSnapshot;
  /**
   * Of an input without files nothing comes. Several files cannot have one `key` or `handle`: all of them fail with
   * `bad-option`.
   */
  add(files: Iterable<File> | FileList | null | undefined, options?: AddOptions): UploadSnapshot[];
  /**
   * As {@link Uploader.resume}: goes on with a file that need not be chosen again, and has it in `uploads`; `undefined` while there
   * is no uploader. Looks up anew what is pending. Call it in a click where `pending.resume` is `'ask'`.
   */
  resume(pending: PendingUpload | string): Promise<UploadSnapshot | undefined>;
  /** As {@link Uploader.discard}; looks up anew what is pending. */
  discard(pending: PendingUpload | string): Promise<void>;
  /** Those under way, and those that wait. */
  pauseAll(): void;
  /** Those that are paused; not those that have failed. */
  resumeAll(): void;
  /** Those that are not done, failed ones too. */
  cancelAll(): Promise<void>;
  /** Takes off the list what is done or cancelled. */
  clear(): void;
  /** Loads again after it has failed. Adding files does that, too. */
  retry(): void;
  /**
   * Stops everything, lets go of the uploader and empties the list; unfinished uploads stay resumable. What is added then
   * makes a new uploader. Nothing else ends an uploader.
   */
  dispose(): void;
}

/** An uploader as it is at a moment. Never changes. */
export interface UploaderSnapshot extends UploaderActions {
  /** The uploader is loaded. */
  readonly ready: boolean;
  /** Why it could not be loaded or made: an {@link UploadError}, or what the import of the package was rejected with. */
  readonly error: UploadError | undefined;
  /**
   * Everything added and not taken off, oldest first. What has not changed is the same object as before. Differences in
   * progress alone make a new list at most ten times a second.
   */
  readonly uploads: readonly UploadSnapshot[];
  /** {@link Uploader.pending}, looked up anew whenever it may have changed by an upload of this list. */
  readonly pending: readonly PendingUpload[];
  readonly totals: Totals;
}

/** Something to look at and to listen to. */
export interface Observable<Snapshot> {
  /** Listens; returns its own unsubscribe. Changes of the same moment are told once, a microtask later. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until something has changed. */
  readonly getSnapshot: () => Snapshot;
}

/** An uploader and its uploads. */
export interface UploadStore extends Observable<UploaderSnapshot>, UploaderActions {
  /** An empty list that is not ready: what servers render, and pages until they have taken over from them. */
  readonly getServerSnapshot: () => UploaderSnapshot;
  /** Loads the uploader, unless it is loaded or loading. Adding files does that, too. */
  readonly load: () => void;
  /** Gives new functions, `backend` and `headers`. The uploader, once made, keeps all other options. */
  readonly update: (options: UploadStoreOptions) => void;
}

/**
 * The one store of these options, for everybody in the page who asks with equal ones; of functions it only counts that they
 * are there. Several places that differ in functions alone are told apart by `destination`. On a server, and for a store,
 * which is returned as it is, nothing is shared.
 */
export function uploadStore(options: UploadStoreOptions | UploadStore): UploadStore;

/** A store of one's own. Does nothing until something is added to it, or `load` is called. */
export function createUploadStore(options: UploadStoreOptions): UploadStore;

/** The snapshots of one upload: of one in a list, by any of its snapshots, or of one that was added elsewhere. */
export function trackUpload(upload: UploadSnapshot | Upload): Observable<UploadSnapshot>;
