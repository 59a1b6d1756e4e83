/**
 * `<partwise-uploader>`: a drop zone, a list of uploads and a form control in one element, without a framework. Importing this
 * defines it; on a server that does nothing. The WebAssembly of `partwise` is loaded when it is first needed.
 *
 * @packageDocumentation
 */
import type {
  AddOptions,
  CommonOptions,
  Progress,
  Upload,
  UploadError,
  UploadErrorCode,
  UploadResult,
  UploadState,
  Uploader,
  UploaderOptions,
  Warning,
} from './index.js';
import type { Phrase, ProgressWords } from './format.js';

export type { Phrase } from './format.js';

/** Why a file was not added. `custom`: by {@link PartwiseUploader.check}; `error`: by the library. */
export type RefusalReason =
  'type' | 'too-large' | 'too-small' | 'too-many' | 'duplicate' | 'unreadable' | 'custom' | 'error';

/** A file, and its path in the folder it came in; the name alone for a file that came by itself. */
export interface FileEntry {
  file: File;
  path: string;
  /** Where the file came from, see {@link AddOptions.handle}. */
  handle?: FileSystemFileHandle;
}

/** All uploads of the list together, but for cancelled ones. */
export interface TotalProgress extends Progress {
  readonly files: number;
  readonly done: number;
  readonly failed: number;
}

/** Details of the element's events, all of which bubble and leave shadow trees. */
export interface PartwiseEvents {
  /** A file was added. */
  'partwise-added': { readonly upload: Upload; readonly path: string };
  /** A file was not added. */
  'partwise-refused': {
    readonly path: string;
    readonly reason: RefusalReason;
    /** Not where the file could not be read. */
    readonly file?: File;
    /** With reason `custom`: what {@link PartwiseUploader.check} said. */
    readonly message?: string;
    /** With reason `error`. */
    readonly error?: UploadError;
  };
  'partwise-state': { readonly upload: Upload; readonly state: UploadState; readonly previous: UploadState };
  /** At most 7 a second. */
  'partwise-progress': TotalProgress;
  'partwise-done': { readonly upload: Upload; readonly result: UploadResult };
  /** An upload has failed; without `upload`, the uploader could not be made. */
  'partwise-error': { readonly upload?: Upload; readonly error: UploadError };
  /** An upload was taken off the list. */
  'partwise-removed': { readonly upload: Upload };
  /** Everything in the list has come to its end. Told once, and again after more was added. */
  'partwise-complete': { readonly results: readonly UploadResult[]; readonly failed: readonly Upload[] };
}

/** What the element says, by what it is about. Values stand in braces, see the table in `docs/element.md`. */
export type WordKey =
  | 'region'
  | 'drop'
  | 'dropAnywhere'
  | 'dropNow'
  | 'about'
  | 'choose'
  | 'chooseOne'
  | 'chooseFolder'
  | 'preparing'
  | `limit.${'accept' | 'max-size' | 'min-size' | 'max-files'}`
  | 'comma'
  | `type.${'image' | 'video' | 'audio' | 'text'}`
  | 'uploads'
  | 'overall'
  | 'files'
  | 'failedFiles'
  | 'pause'
  | 'resume'
  | 'retry'
  | 'again'
  | 'cancel'
  | 'remove'
  | 'pauseAll'
  | 'resumeAll'
  | 'clear'
  | 'on'
  | 'hashing'
  | 'storedAs'
  | 'continued'
  | 'retrying'
  | 'pendingTitle'
  | 'pendingAbout'
  | 'pendingReady'
  | 'pendingElsewhere'
  | 'there'
  | 'begun'
  | 'chooseToContinue'
  | 'continue'
  | 'continueAll'
  | 'continueAsk'
  | 'continueChanged'
  | 'continueFailed'
  | 'discard'
  | 'otherFile'
  | 'otherName'
  | 'discardFailed'
  | 'pendingFailed'
  | 'notStarted'
  | 'tryAgain'
  | 'dismiss'
  | `refused.${'title' | 'more' | Exclude<RefusalReason, 'custom' | 'error'>}`
  | 'announce'
  | 'announceMany'
  | 'required'
  | 'unfinished'
  | 'unsuccessful'
  | `state.${UploadState}`
  | 'details'
  | 'hint'
  | 'part'
  | 'status'
  | 'request'
  | `error.${UploadErrorCode}`
  | `warning.${Warning['code']}`;

/** A table of everything the element says. */
export type Words = Record<WordKey, Phrase> & ProgressWords;

/** Properties that stand for attributes: `maxSize` for `max-size`. Setting one sets the attribute, `undefined` removes it. */
export interface AttributeProperties extends Pick<
  CommonOptions,
  | 'partSize'
  | 'parallel'
  | 'hash'
  | 'verify'
  | 'instant'
  | 'storage'
  | 'keepCopy'
  | 'maxCopySize'
  | 'expireAfter'
  | 'retryFor'
  | 'stallTimeout'
  | 'replyTimeout'
  | 'offlineTimeout'
  | 'guardUnload'
  | 'workerUrl'
  | 'hashWorkers'
  | 'destination'
> {
  endpoint?: string | URL | undefined;
  withCredentials: boolean;
  /** Types that are taken, as of `<input type="file">`: `'image/*,.pdf'`. @defaultValue `''`: all */
  accept: string;
  /** Bytes of a file, at most. The attribute may also say `50 MB` or `50 MiB`. */
  maxSize?: number | undefined;
  /** Bytes of a file, at least. */
  minSize?: number | undefined;
  /** Files in the list, but for failed and cancelled ones, at most. With 1, one file is chosen at a time. */
  maxFiles?: number | undefined;
  /** Takes a file that is in the list already. @defaultValue `false` */
  duplicates: boolean;
  /** Offers to choose a folder. Dropping one always works. @defaultValue `false` */
  folders: boolean;
  /** Takes what is dropped or pasted anywhere on the page. @defaultValue `false` */
  wholePage: boolean;
  /**
   * Files are chosen by `<input type="file">`, also where the browser has a picker (`showOpenFilePicker`) that lets the page read
   * them again after a reload. That one is not used on touch screens, nor with `storage="memory"`. @defaultValue `false`
   */
  plainPicker: boolean;
  /** The form is not submitted before a file has arrived. @defaultValue `false` */
  required: boolean;
  /** Takes no files, and its buttons do nothing; what is under way goes on. A `<fieldset disabled>` does the same. */
  disabled: boolean;
  /** The name that keys have in the form; without one there is nothing in it. */
  name: string;
}

/** The element. Also to be extended and defined under another name. */
export class PartwiseUploader extends HTMLElement {
  static readonly formAssociated: boolean;
  static readonly observedAttributes: readonly string[];

  /**
   * Options of `createUploader`; they win over attributes. To be given as a whole: changing one inside changes nothing. Uploads
   * under way go on with the options they were begun with.
   */
  get options(): Partial<UploaderOptions>;
  set options(options: Partial<UploaderOptions> | undefined);
  /**
   * Makes the uploader, in place of that of `partwise`: give that of `partwise/external` where workers from a `blob:` are not
   * allowed.
   */
  get createUploader(): ((options: UploaderOptions) => Promise<Uploader>) | undefined;
  set createUploader(create: ((options: UploaderOptions) => Promise<Uploader>) | undefined);
  /**
   * The uploader, once there is one. An uploader of the page may be given, to be shared or to outlive the element: its
   * unfinished uploads appear in the list.
   */
  get uploader(): Uploader | undefined;
  set uploader(uploader: Uploader | undefined);
  /**
   * Words in place of the built-in ones, or in another language, which `lang` names. What is missing is said in Chinese where
   * that is the language, else in English.
   */
  get words(): Partial<Words> | undefined;
  set words(words: Partial<Words> | undefined);
  /** Says of each file how it is added: its key, metadata and type. */
  addOptions?: ((file: File, path: string) => AddOptions | undefined) | undefined;
  /** Refuses a file of which it returns a text, and shows that. Asked before all limits. */
  check?: ((file: File, path: string) => string | undefined | null | false) | undefined;

  /** The keys of what has arrived, in the order of the list. */
  readonly value: string[];
  /** What has arrived, in the order of the list. */
  readonly results: UploadResult[];
  /** What is in the list, finished or not. */
  readonly uploads: Upload[];
  readonly progress: TotalProgress;

  /** The uploader, loaded and made now if there is none yet. */
  ready(): Promise<Uploader>;
  /** Adds files as if they had been chosen. Resolves when they are in the list, or refused. */
  add(files: Iterable<File | FileEntry>): Promise<void>;
  /** Opens the browser's dialogue; only in reaction to the user. */
  open(): void;
  /** Pauses what is under way, and what waits. */
  pauseAll(): void;
  /** Goes on with what is paused; not with what has failed. */
  resumeAll(): void;
  /** Takes what is done or cancelled off the list. */
  clear(): void;
  /** Cancels what is unfinished, and empties the list: what a form's reset does. */
  reset(): Promise<void>;
  /** Stops everything, for an element that never comes back; unfinished uploads stay resumable. */
  dispose(): void;

  readonly form: HTMLFormElement | null;
  readonly labels: NodeList;
  readonly type: string;
  readonly validity: ValidityState;
  readonly validationMessage: string;
  readonly willValidate: boolean;
  /** As of any form control. */
  checkValidity(): boolean;
  /** As of any form control: shows what is wrong. */
  reportValidity(): boolean;
}

export interface PartwiseUploader extends AttributeProperties {}

/** The element's events, for `addEventListener` of the element and of what is around it. */
type Events = { [K in keyof PartwiseEvents]: CustomEvent<PartwiseEvents[K]> };

declare global {
  interface HTMLElementTagNameMap {
    'partwise-uploader': PartwiseUploader;
  }
  interface HTMLElementEventMap extends Events {}
}
