/**
 * Resumable, verified uploads from a web page straight into an object store.
 *
 * @packageDocumentation
 */

/** Where an upload is. `done`, `failed` and `cancelled` are final; {@link Upload.resume} starts a failed one again. */
export type UploadState =
  | 'queued'
  | 'hashing'
  | 'starting'
  | 'uploading'
  | 'paused'
  | 'offline'
  | 'completing'
  | 'done'
  | 'failed'
  | 'cancelled';

/** What went wrong, by its stable name. The README lists a remedy for each. */
export type UploadErrorCode =
  | 'bad-option'
  | 'bad-key'
  | 'too-large'
  | 'file-changed'
  | 'file-unreadable'
  | 'network'
  | 'offline-timeout'
  | 'stalled'
  | 'url-expired'
  | 'denied'
  | 'throttled'
  | 'store'
  | 'exists'
  | 'etag-hidden'
  | 'checksum-mismatch'
  | 'session-lost'
  | 'locked'
  | 'backend'
  | 'cancelled';

/** What was being done when an error happened. */
export type UploadOperation =
  | 'configure'
  | 'add'
  | 'read'
  | 'hash'
  | 'create'
  | 'sign'
  | 'put-part'
  | 'put-object'
  | 'list-parts'
  | 'complete'
  | 'abort'
  | 'head'
  | 'find';

/** Every error this package throws, rejects with or emits. But for its `cause`, it never holds a signed URL or a credential. */
export class UploadError extends Error {
  readonly name: 'UploadError';
  readonly code: UploadErrorCode;
  readonly operation: UploadOperation;
  /** The part concerned, 1 to 10 000. */
  readonly partNumber?: number;
  /** HTTP status, when there was a reply. */
  readonly status?: number;
  /** The store's request id, to quote to its support. */
  readonly requestId?: string;
  /** What the developer should do about it; empty when nothing can be said. */
  readonly hint: string;
  /** What a function of the page threw, as it is: what that holds is the page's own affair. */
  readonly cause?: unknown;
}

/** Bytes the store has, or is being sent. `loaded` never falls and never exceeds `total`. */
export interface Progress {
  /** Bytes. */
  readonly loaded: number;
  /** Bytes: the file's size. */
  readonly total: number;
  /** 0 to 100. 100 only when every byte has been confirmed or is on its way. */
  readonly percent: number;
  /** Smoothed over the last seconds; 0 once nothing has moved for 20 s. */
  readonly bytesPerSecond: number;
  /** `null` while no rate is known. */
  readonly secondsLeft: number | null;
}

/** How far hashing of the whole file is (`hash: 'md5'`). */
export interface HashProgress {
  readonly loaded: number;
  readonly total: number;
  readonly percent: number;
  /** The whole file's MD5 in hexadecimal, in the last event. */
  readonly md5?: string;
}

/** A part the store has confirmed. */
export interface PartConfirmed {
  readonly partNumber: number;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

/** A request failed and will be made again. */
export interface RetryNotice {
  readonly operation: UploadOperation;
  readonly partNumber?: number;
  /** How often this request has failed in a row, from 1. Starts again after being offline. */
  readonly attempt: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
  readonly code: UploadErrorCode;
  readonly status?: number;
  readonly message: string;
}

/** Something works less well than it could; the upload goes on. */
export interface Warning {
  readonly code:
    | 'storage-unavailable'
    | 'storage-full'
    | 'part-size-raised'
    | 'worker-unavailable'
    | 'abort-failed'
    | 'callback-failed'
    | 'instant-unavailable'
    | 'session-restarted'
    | 'list-cut-off';
  readonly message: string;
  readonly hint: string;
}

/** What arrived. */
export interface UploadResult {
  readonly key: string;
  /** The object's address without any signature, where the store or the backend tells it. */
  readonly location?: string;
  /** The object's ETag without quotes, where the store tells it. Of a multipart object it is not the file's MD5. */
  readonly etag?: string;
  /** The whole file's MD5 in hexadecimal: with `hash: 'md5'`, and for a verified file small enough for one request. */
  readonly md5?: string;
  /**
   * The whole file's CRC-64 as the store writes it, where the store tells one of objects and `verify` is not `'off'`: of OSS,
   * COS and BOS CRC-64/XZ in decimal, of Amazon S3 at its own endpoint CRC-64/NVME in base64. It was compared with the
   * store's, as far as CORS lets the page read that. Of content that was there already, what the store tells of it.
   */
  readonly crc64?: string;
  /** The backend had the content already, so that nothing needed to be sent. */
  readonly instant: boolean;
  /** With `form`: what the server answered last to a chunk. */
  readonly response?: string;
}

/** Events of an {@link Upload} with what their listeners get. */
export interface UploadEvents {
  state: { readonly state: UploadState; readonly previous: UploadState };
  /** At most 10 a second. */
  progress: Progress;
  hash: HashProgress;
  part: PartConfirmed;
  retry: RetryNotice;
  warning: Warning;
  done: UploadResult;
  error: UploadError;
}

/** One file on its way. Made by {@link Uploader.add}. */
export class Upload {
  private constructor();
  /** Unique within the page. */
  readonly id: string;
  readonly file: File;
  /** What it was added with, so that the file can be added again in the same way; of a resumed one, what it began with. */
  readonly options: Readonly<AddOptions>;
  /** The object's key, once known. */
  readonly key: string | undefined;
  readonly state: UploadState;
  readonly progress: Progress;
  /** Why it failed, in state `failed`. */
  readonly error: UploadError | undefined;
  /**
   * Settles when the upload is done, failed or cancelled, or its uploader disposed: resolves with the result, rejects with
   * an {@link UploadError}. After `resume()` of a failed upload this is a new promise.
   */
  readonly finished: Promise<UploadResult>;
  /** Listens; returns its own unsubscribe. An exception in a listener is reported, never swallowed, and stops nothing. */
  on<K extends keyof UploadEvents>(event: K, listener: (detail: UploadEvents[K]) => void): () => void;
  /**
   * Aborts the requests in flight; parts already confirmed stay. Does nothing on a paused or finished upload. One that
   * waits for another tab still ends `done` with it; one that is paused while it has the file keeps other tabs waiting.
   */
  pause(): void;
  /** Goes on after `pause()`, or tries a failed upload again from what the store already has. */
  resume(): void;
  /**
   * Stops, removes the unfinished upload at the store and forgets it here. Resolves when that is done, or given up after
   * three attempts: then there is a warning `abort-failed`, and {@link Uploader.pending} lists it, to be discarded later.
   * What another tab is sending meanwhile stays.
   */
  cancel(): Promise<void>;
}

/** An upload that an earlier page left unfinished, or that could not be removed when it was cancelled. */
export interface PendingUpload {
  /** For {@link Uploader.discard}. */
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly key: string;
  /** Bytes confirmed by the store before the page went away. */
  readonly loaded: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Whether a tab of this browser has it at the moment, and is sending it or was paused meanwhile. */
  readonly active: boolean;
  /**
   * How it can go on. `'now'`: {@link Uploader.resume} reads the file by itself. `'ask'`: it does, once the user has allowed it;
   * the browser asks, so that it has to be called in a click. `'choose'`: the user has to choose the file again, or to drop it,
   * and the page adds it.
   */
  readonly resume: 'now' | 'ask' | 'choose';
}

/** What one file may differ in. */
export interface AddOptions {
  /**
   * The object's key, 1 to 1024 bytes of UTF-8, no `.` or `..` segment, or a function that returns one. A signing server
   * (`endpoint`) or a `backend` takes it as the file name and makes the key. Default: the uploader's `key`; where there is
   * none, the file's name there, and with `signRequest` and `store` a key that no other file has, made of the time, random
   * letters and the name: so nothing is overwritten, and the same file goes on under the key it was begun with.
   */
  key?: string | ((file: File) => string);
  /**
   * Stored with the object where the backend passes it on. With `signRequest` and `store`, names become lower case, and
   * characters outside ASCII are percent-encoded, since they travel as headers.
   */
  metadata?: Record<string, string>;
  /** Overrides the file's own type. */
  contentType?: string;
  /**
   * The handle that the file came from, of `showOpenFilePicker()` or `DataTransferItem.getAsFileSystemHandle()`, where a browser
   * has them. It is kept in IndexedDB, with `key`, `metadata` and `contentType`, until the upload is over, so that after a reload
   * the file need not be chosen again: see {@link Uploader.resume}.
   */
  handle?: FileSystemFileHandle;
}

/** Options every way of uploading shares. */
export interface CommonOptions {
  /**
   * Bytes per part. `'auto'`: 5 MiB, more where 10 000 parts would not reach. A number up to 5 368 709 120 is kept, or raised
   * when 10 000 parts would not be enough. It is at least what the store takes for all parts but the last: 5 242 880 (S3),
   * 1 048 576 (COS), 102 400 (OSS and BOS), 1 with `backend`, since the page knows its store. Files smaller than a part go
   * in one request.
   *
   * @defaultValue `'auto'`
   */
  partSize?: 'auto' | number;
  /**
   * Requests with file content at a time, over all files of this uploader: 1 to 32. `'auto'`: of large parts the least
   * number that fills the link, starting with 2; of small files 5. One of the six connections of HTTP/1.1 stays free.
   * Of a number half as many run each time connections break again, with the browser online, before one as large got
   * through; once as much has, and the link has held for half a minute, or twice as long as before, all of them may again.
   *
   * @defaultValue `'auto'`
   */
  parallel?: 'auto' | number;
  /**
   * How a file is recognised. `'fast'`: name, size, date and samples of its content. `'md5'`: also the MD5 of the whole
   * file, computed in a worker while parts are sent; a renamed or touched file is then recognised too.
   *
   * @defaultValue `'fast'`
   */
  hash?: 'fast' | 'md5';
  /**
   * How each part is proven. `'etag'`: the MD5 of what was read is compared with the ETag the store returns.
   * `'content-md5'`: it is sent ahead, so that the store refuses a damaged part. `'off'`: no hashing.
   *
   * @defaultValue `'etag'`
   */
  verify?: 'etag' | 'content-md5' | 'off';
  /**
   * Whether content that is there already is sent, with `hash: 'md5'`, and {@link Backend.findExisting} or an `endpoint` that
   * answers `POST /lookup`; without that route nothing is there. With `store` and `signRequest` the browser remembers under
   * which key it has sent a content (the latest 100, for `expireAfter`), and the store is asked whether that object is still
   * the same. `'before'`: the file is hashed and it is asked, and only then is anything sent. `'during'`: it is being sent
   * while it is hashed, until it is known to be there. With `'before'` an unfinished upload goes on without asking. A `key` given to `add` that differs from the
   * remembered one counts: the file is sent there. With the others, `result.key` is where the content was found. With `'during'` files smaller than a part are sent without asking. What is there
   * keeps the metadata and the type it was stored with.
   *
   * @defaultValue `'off'`
   */
  instant?: 'off' | 'before' | 'during';
  /**
   * Where unfinished uploads are remembered: `localStorage`, or only in this page.
   *
   * @defaultValue `'local'`
   */
  storage?: 'local' | 'memory';
  /**
   * Whether a file that comes without a `handle` is copied while it is being sent, so that after a reload it need not be chosen
   * again, see {@link Uploader.resume}. `'opfs'`: into the origin private file system, if it leaves a tenth of the storage that
   * the browser grants free. The copy is removed when the upload is over, or after `expireAfter`. Where that is not to be had (Safari
   * before 26, private windows), nothing is copied; nor is anything with `storage: 'memory'`.
   *
   * @defaultValue `'off'`
   */
  keepCopy?: 'off' | 'opfs';
  /** Bytes of a file that is copied, at most; only with `keepCopy`. @defaultValue 1 073 741 824 (1 GiB) */
  maxCopySize?: number;
  /** Milliseconds an unfinished upload is remembered. @defaultValue 604 800 000 (7 days) */
  expireAfter?: number;
  /**
   * Milliseconds a failing request is tried again while nothing advances, 0 to 86 400 000. A store or a backend that has
   * not answered one request of this uploader with a success is given up earlier, after 5 attempts. @defaultValue 600 000 (10 minutes)
   */
  retryFor?: number;
  /**
   * Milliseconds without any byte moving before a request is replaced, 1 000 to 3 600 000; also how long a signing server or
   * a function of the page may take. @defaultValue 30 000
   */
  stallTimeout?: number;
  /** Milliseconds to wait for the reply after the last byte was sent, 1 000 to 3 600 000. @defaultValue 120 000 */
  replyTimeout?: number;
  /** Milliseconds without network before an upload fails with `offline-timeout`. @defaultValue `Infinity` */
  offlineTimeout?: number;
  /** Makes the keys of files that are given none in {@link AddOptions}. */
  key?: (file: File) => string;
  /** Asks before the page is left while anything is unfinished. @defaultValue `false` */
  guardUnload?: boolean;
  /** Where the worker script is served, for a content security policy without `blob:`. Default: a Blob URL. */
  workerUrl?: string | URL;
  /**
   * Workers that hash, at most: 1 to 16. All uploaders, and `hashFile`, share those of the same number and script. `'auto'`:
   * as many as there are processors, and no more than 4. @defaultValue `'auto'`
   */
  hashWorkers?: 'auto' | number;
  /**
   * Names where uploads go, so that an unfinished upload is never continued somewhere else. Put the user's id in it where
   * several people sign in with the same browser. Default: the endpoint, the store and bucket, or `'default'`.
   */
  destination?: string;
}

/** Headers, or a function that gives them. */
export type HeaderSource =
  Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);

/**
 * A signing server that speaks the routes of Uppy Companion (`/s3/multipart…`). Of many small files it is asked for several at
 * once (`POST /params`), if it answers that.
 */
export interface EndpointOptions {
  /** The routes' base, such as `'/s3'` or `'https://sign.example.com/s3'`. */
  endpoint: string | URL;
  /** Headers for the signing server, for instance `Authorization`; a function is asked before each call. */
  headers?: HeaderSource;
  /** Sends cookies to a signing server of another origin. @defaultValue `false` */
  withCredentials?: boolean;
  signRequest?: never;
  backend?: never;
  store?: never;
  form?: never;
}

/** One request the page is asked to have signed. */
export interface SignableRequest {
  readonly operation: 'create' | 'put-part' | 'put-object' | 'list-parts' | 'complete' | 'abort' | 'head';
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  readonly key: string;
  /** The query parameters to sign, such as `{ partNumber: '3', uploadId: '…' }`. */
  readonly query: Readonly<Record<string, string>>;
  /** Headers that will be sent and must be signed, such as `Content-Type` and `Content-MD5`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly uploadId?: string;
  readonly partNumber?: number;
}

/** A presigned URL. */
export interface SignedUrl {
  url: string;
  /** Further headers to send. */
  headers?: Record<string, string>;
  /** Seconds the URL lives. Default: what its `X-Amz-Expires` parameter says. */
  expires?: number;
}

/** For objects whose keys the page chooses. */
export interface KeepOptions {
  /**
   * `false`: an object that is at the key already is kept, and the upload fails with `exists`. The store is asked before
   * anything is sent, and told not to replace one at the end (`If-None-Match: *`, `x-oss-forbid-overwrite` and their like), so
   * that one made meanwhile is safe too. OSS and COS do not heed that in buckets that keep versions, nor do some stores
   * that speak S3's protocol: there, only the question before counts. @defaultValue `true`
   */
  overwrite?: boolean;
}

/** The page asks its server for one presigned URL per request; everything else goes straight to the store. */
export interface SignRequestOptions extends KeepOptions {
  /** Gives a presigned URL for one request, and another one when that has expired. */
  signRequest: (request: SignableRequest, options: CallOptions) => SignedUrl | Promise<SignedUrl>;
  /** Whose protocol the store speaks that the URLs lead to. @defaultValue `'s3'` */
  kind?: StoreKind;
  endpoint?: never;
  backend?: never;
  store?: never;
  form?: never;
}

/** The file a callback is about. */
export interface FileDetails {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  readonly lastModified: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The file itself. */
  readonly data: File;
}

/** A part as the store lists it. */
export interface ListedPart {
  PartNumber: number;
  /** Bytes. */
  Size: number;
  ETag: string;
}

/** What every function of a {@link Backend} is given besides. */
export interface CallOptions {
  /** Fires when nobody waits for the answer any more: the upload was paused or cancelled, or it took too long. */
  readonly signal: AbortSignal;
}

/** A part to be signed. */
export interface PartToSign {
  readonly partNumber: number;
  /** Bytes. */
  readonly size: number;
  /** The part itself. */
  readonly body: Blob;
  /** With `verify: 'content-md5'`, to be signed where the store signs it: the MD5 in base64. */
  readonly contentMd5?: string;
}

/** A multipart upload at the store. */
export interface Session {
  readonly uploadId: string;
  readonly key: string;
}

/** An object at the store, as far as it is known. */
export interface StoredObject {
  key?: string;
  location?: string;
  etag?: string;
}

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/**
 * The page's own functions, in the names and shapes of Uppy's AwsS3 plugin. What they throw becomes the `cause` of the
 * {@link UploadError}; a `status` on it is treated as that HTTP status: 401, 429 and 5xx are tried again.
 */
export interface Backend {
  /** `key` is the name asked for, `add(file, { key })` or the file's own; the one returned is the object's from then on. */
  createMultipartUpload(
    file: FileDetails,
    options: CallOptions & { readonly key: string },
  ): Awaitable<{ uploadId: string; key: string }>;
  /** Gives a presigned URL for one part, and another one when that has expired. */
  signPart(file: FileDetails, options: CallOptions & Session & PartToSign): Awaitable<SignedUrl>;
  /**
   * Signs up to 8 parts in one call; `signPart`, which is still required, is then not called: URLs in the order of `parts`, or by part number. Parts without
   * one are asked for again.
   */
  signParts?(
    file: FileDetails,
    options: CallOptions & Session & { readonly parts: readonly PartToSign[] },
  ): Awaitable<readonly SignedUrl[] | Readonly<Record<number, SignedUrl>>>;
  /** All of them, not only the store's first page of 1 000. ETags with or without quotes. */
  listParts(file: FileDetails, options: CallOptions & Session): Awaitable<ListedPart[]>;
  /** Puts the object together from its parts. */
  completeMultipartUpload(
    file: FileDetails,
    options: CallOptions & Session & { readonly parts: readonly { PartNumber: number; ETag: string }[] },
  ): Awaitable<StoredObject | void>;
  /** Removes an upload that was cancelled or is discarded. */
  abortMultipartUpload(file: FileDetails, options: CallOptions & Session): Awaitable<void>;
  /** For files smaller than a part. Without it they are sent as a multipart upload of one part. */
  getUploadParameters?(
    file: FileDetails,
    options: CallOptions & { readonly key: string; readonly contentMd5?: string },
  ): Awaitable<
    | (SignedUrl & { method?: 'PUT'; key?: string })
    | {
        method: 'POST';
        url: string;
        fields: Record<string, string>;
        headers?: Record<string, string>;
        expires?: number;
      }
  >;
  /** For `instant`: the object that has this content already, or nothing. `md5` is hexadecimal. */
  findExisting?(
    file: FileDetails,
    options: CallOptions & { readonly key: string; readonly md5: string },
  ): Awaitable<(StoredObject & { key: string }) | null | undefined | false>;
}

/** Uploading through the page's own functions. */
export interface BackendOptions {
  backend: Backend;
  endpoint?: never;
  signRequest?: never;
  store?: never;
  form?: never;
}

/**
 * Temporary credentials. They stay in memory and are used only to sign. What AWS, Aliyun and Tencent give out may be
 * passed on as it is: their own names (`AccessKeySecret`, `SecurityToken`, `tmpSecretId`, `expiredTime` …) are known, also
 * one level down in `credentials` or `Credentials`.
 */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** When they end: a date or milliseconds since 1970. They are asked for again a minute before. */
  expiration?: Date | string | number;
}

/** What Aliyun's STS gives out (`AssumeRole`). */
export interface AliyunCredentials {
  AccessKeyId: string;
  AccessKeySecret: string;
  SecurityToken?: string;
  Expiration?: string;
}

/** What AWS's STS gives out. */
export interface AwsCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  SessionToken?: string;
  Expiration?: Date | string;
}

/** What Tencent's STS gives out (`GetFederationToken` and the SDK `qcloud-cos-sts`). */
export interface TencentCredentials {
  credentials: { tmpSecretId: string; tmpSecretKey: string; sessionToken?: string };
  /** Seconds since 1970. */
  expiredTime?: number;
}

/** Credentials in any of the known spellings. */
export type AnyCredentials =
  | Credentials
  | AliyunCredentials
  | AwsCredentials
  | TencentCredentials
  | { credentials: Credentials | AliyunCredentials | AwsCredentials }
  | { Credentials: AliyunCredentials | AwsCredentials };

/** Amazon S3 and compatible stores, Aliyun OSS, Tencent COS, Baidu BOS. */
export type StoreKind = 's3' | 'oss' | 'cos' | 'bos';

/** What all kinds of store have in common. */
export interface CommonStore {
  /** The bucket's name; of COS with the account's number: `'name-1250000000'`. */
  bucket: string;
  /**
   * `'us-east-1'`, `'cn-hangzhou'` (OSS), `'ap-guangzhou'` (COS), `'bj'` (BOS). For S3-compatible stores whatever they call
   * theirs, often `'us-east-1'`.
   */
  region: string;
  /** Origin of the store, such as `'https://s3.example.com'`. Default: the vendor's own for the region. */
  endpoint?: string | URL;
  /**
   * `https://host/bucket/key` instead of `https://bucket.host/key`. Bucket names with a dot are always addressed so over
   * https, where certificates do not cover them otherwise. @defaultValue `true` for S3 with an `endpoint`
   */
  pathStyle?: boolean;
  /** Asked before the first request, before they end, and when the store calls them expired; once for all waiting requests. */
  credentials: () => AnyCredentials | Promise<AnyCredentials>;
}

/** Amazon S3, or a store that speaks its protocol. */
export interface S3Store extends CommonStore {
  kind: 's3';
  /** Transfer acceleration, which the bucket must have switched on. @defaultValue `false` */
  accelerate?: boolean;
}

/** Aliyun OSS. */
export interface OssStore extends CommonStore {
  kind: 'oss';
  /** Transfer acceleration, which the bucket must have switched on. @defaultValue `false` */
  accelerate?: boolean;
  /** `'v1'` is for old buckets only: Aliyun refuses it to those made since September 2025. @defaultValue `'v4'` */
  signatureVersion?: 'v4' | 'v1';
}

/** Tencent COS. */
export interface CosStore extends CommonStore {
  kind: 'cos';
  /** Global acceleration, which the bucket must have switched on. @defaultValue `false` */
  accelerate?: boolean;
}

/** Baidu BOS. */
export interface BosStore extends CommonStore {
  kind: 'bos';
}

/** A store the page signs for itself, with temporary credentials. */
export type Store = S3Store | OssStore | CosStore | BosStore;

/** Uploading straight to a store, signed in the page. */
export interface StoreOptions extends KeepOptions {
  store: Store;
  endpoint?: never;
  signRequest?: never;
  backend?: never;
  form?: never;
}

/** A chunk, as functions of {@link Form} see it. */
export interface FormChunk {
  /** From 0. */
  readonly offset: number;
  /** From 1. */
  readonly chunkNumber: number;
}

/** The parameters that a chunk endpoint is told, by their names in simple-uploader.js. */
export type FormParameter =
  | 'chunkNumber'
  | 'chunkSize'
  | 'currentChunkSize'
  | 'totalSize'
  | 'identifier'
  | 'filename'
  | 'relativePath'
  | 'totalChunks'
  | 'type';

/** A chunk endpoint: a server for simple-uploader.js, flow.js or resumable.js. Options have the names of simple-uploader.js. */
export interface Form {
  /** The address that takes chunks, such as `'/upload'`. */
  target: string | URL;
  /** Whose parameter names and habits the server knows. @defaultValue `'simple-uploader'` */
  preset?: 'simple-uploader' | 'flow' | 'resumable';
  /** Other names for some of the parameters. `type` is only sent by the preset `'resumable'`, or when it is named here. */
  parameters?: Partial<Record<FormParameter, string>>;
  /** The form field with the bytes. @defaultValue `'file'` */
  fileParameterName?: string;
  /** Further parameters of every request; those of one file are its `metadata`. */
  query?: Record<string, string | number>;
  /** `'octet'`: the bytes alone are the body, and the parameters in the address. @defaultValue `'multipart'` */
  method?: 'multipart' | 'octet';
  /** @defaultValue `'POST'` */
  uploadMethod?: 'POST' | 'PUT';
  /** @defaultValue `'GET'` */
  testMethod?: 'GET' | 'HEAD' | 'POST';
  /**
   * How the server is asked what it has. `true`: before each chunk, and a success means that it is there. `'once'`: with the
   * first chunk for all of them; it answers JSON with `uploaded` (also `uploaded_chunks`), a list of chunk numbers, or with
   * `skipUpload: true` for a file that it has, both also one level down in `data`. @defaultValue `true`; `'once'` with
   * `checkChunkUploadedByResponse`
   */
  testChunks?: boolean | 'once';
  /** Reads another answer of a server that is asked once: whether it has this chunk. */
  checkChunkUploadedByResponse?: (chunk: FormChunk, response: string) => boolean;
  /** Names the file to the server. Default: its MD5 with `hash: 'md5'`, else a hash of name, size, date and samples. */
  generateUniqueIdentifier?: (file: FileDetails, options: CallOptions) => Awaitable<string>;
  /**
   * Called when all chunks are there: an address, to which identifier, filename, relativePath, totalSize, totalChunks and
   * chunkSize are posted as JSON, or a function. Default: the server puts the file together by itself.
   */
  merge?:
    | string
    | URL
    | ((
        file: FileDetails,
        options: CallOptions & { readonly identifier: string; readonly response?: string },
      ) => Awaitable<StoredObject | void>);
  /** @defaultValue `[200, 201, 202]` */
  successStatuses?: readonly number[];
  /** With these the file has failed; after any other the chunk is sent again. @defaultValue `[404, 415, 500, 501]` */
  permanentErrors?: readonly number[];
  /**
   * `false`: the last chunk is one to two times as large as the others, as the sample servers of these libraries want it.
   * `true`: it is at most as large. @defaultValue `false`
   */
  forceChunkSize?: boolean;
}

/**
 * Uploading to a chunk endpoint. `partSize` is the size of a chunk, by default 1 MiB. The server knows what it has: of
 * uploads nothing is kept in `localStorage` (with `hash: 'md5'` only where the MD5 stands), `pending()` is empty, and `cancel()` leaves at the server what has arrived.
 */
export interface FormOptions {
  form: Form;
  /** Headers for the server, for instance `Authorization`; a function is asked before each request. */
  headers?: HeaderSource;
  /** Sends cookies to a server of another origin. @defaultValue `false` */
  withCredentials?: boolean;
  verify?: never;
  instant?: never;
  keepCopy?: never;
  endpoint?: never;
  signRequest?: never;
  backend?: never;
  store?: never;
}

/** Exactly one of `endpoint`, `signRequest`, `backend`, `store` and `form`, and what all of them share. */
export type UploaderOptions = CommonOptions &
  (EndpointOptions | SignRequestOptions | BackendOptions | StoreOptions | FormOptions);

/** Uploads files; all of its uploads share one pool of connections. */
export class Uploader {
  /**
   * Needs {@link init} to have finished; {@link createUploader} does both.
   *
   * @throws {@link UploadError} `bad-option`, naming the option.
   */
  constructor(options: UploaderOptions);
  /**
   * Takes a file and starts as soon as a connection is free.
   *
   * @throws {@link UploadError} `bad-option`, `bad-key` for a key a browser cannot address, or `too-large`.
   */
  add(file: File, options?: AddOptions): Upload;
  /** Everything added that is neither done nor cancelled, oldest first. */
  readonly uploads: readonly Upload[];
  /**
   * Uploads to this destination that other pages have not finished, whether they are gone or not, or that `cancel()` could
   * not remove; adding the same file, with the same key and type, continues one.
   */
  pending(): Promise<PendingUpload[]>;
  /**
   * Goes on with one of {@link Uploader.pending} without the file being chosen again, from the `handle` it was added with, or
   * from a copy (`keepCopy`). Call it in a click where {@link PendingUpload.resume} is `'ask'`.
   *
   * @throws {@link UploadError} `bad-option` for what is not pending any more; `file-unreadable` when the file is not to be read
   * without being chosen, was moved, or the user did not allow it; `file-changed` when it is not the same any more.
   */
  resume(id: string): Promise<Upload>;
  /**
   * Removes one of {@link Uploader.pending} at the store and forgets it here. Rejects with an
   * {@link UploadError}, and keeps it, when the store cannot be reached or refuses, and with `locked` while it is being
   * sent, by another tab or this page. An unknown id is no error; what is no id, and a disposed uploader, are `bad-option`.
   */
  discard(id: string): Promise<void>;
  /**
   * Stops everything and lets go of all resources; unfinished uploads stay resumable. Their `finished` rejects with
   * `cancelled`; they keep the state they were in, and tell nothing more. May be called twice.
   */
  dispose(): void;
}

/** Loads the WebAssembly once. Safe to call any number of times; does nothing on a server until called. */
export function init(): Promise<void>;

/** {@link init} and `new Uploader(options)`. */
export function createUploader(options: UploaderOptions): Promise<Uploader>;

/** What {@link hashFile} can compute: the MD5 of the file, its CRC-64s, and the MD5 of each of its parts. */
export type HashAlgorithm = 'md5' | 'crc64xz' | 'crc64nvme' | 'parts';

/** What {@link hashFile} is to compute, and how. */
export interface HashOptions<Algorithm extends HashAlgorithm = HashAlgorithm> {
  /** All of them from one reading. @defaultValue `['md5']` */
  algorithms?: readonly Algorithm[];
  /**
   * Bytes of each part but the last, at least 1 and such that there are at most 10 000; only with `'parts'`.
   * @defaultValue `'auto'`, as for an upload to S3: 5 MiB, more for files above 48.8 GiB
   */
  partSize?: 'auto' | number;
  /** Is told of bytes read, at most ten times a second, and at the end. What it throws ends the hashing. */
  onProgress?: (progress: { readonly loaded: number; readonly total: number }) => void;
  /** Ends it; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** As for {@link Uploader}. @defaultValue `'auto'` */
  hashWorkers?: 'auto' | number;
  /** As for {@link Uploader}. */
  workerUrl?: string | URL;
}

/** What {@link hashFile} has computed: of what was asked for, everything. */
export interface FileDigests {
  /** Bytes. */
  readonly size: number;
  /** 32 lower-case hexadecimal digits. */
  readonly md5?: string;
  /** CRC-64/XZ in decimal, as OSS, COS and BOS tell it. */
  readonly crc64xz?: string;
  /** CRC-64/NVME in base64, as Amazon S3 tells it. */
  readonly crc64nvme?: string;
  /** The MD5 of each part, in hexadecimal digits. An empty file has one. */
  readonly parts?: readonly string[];
  /** Bytes of each part but the last. */
  readonly partSize?: number;
  /** The ETag that S3 gives an object made of these parts. */
  readonly etag?: string;
}

/** What {@link FileDigests} has of each {@link HashAlgorithm}. */
export type DigestOf = {
  md5: 'md5';
  crc64xz: 'crc64xz';
  crc64nvme: 'crc64nvme';
  parts: 'parts' | 'partSize' | 'etag';
};

/**
 * Hashes a file in workers, without an uploader: loads the WebAssembly itself. The page stays responsive, and memory does not
 * grow with the file. Rejects with the reason of its `signal`, and with what `onProgress` throws.
 *
 * @throws {@link UploadError} `bad-option`, naming the option; `file-changed` or `file-unreadable`.
 */
export function hashFile<Algorithm extends HashAlgorithm = 'md5'>(
  file: Blob,
  options?: HashOptions<Algorithm>,
): Promise<FileDigests & Required<Pick<FileDigests, DigestOf[Algorithm]>>>;
