/** The uploader behind the element: loaded and made when it is first needed, or the page's own. */

/**
 * @typedef {import('partwise').Uploader} Uploader
 * @typedef {import('partwise').UploaderOptions} UploaderOptions
 * @typedef {(options: UploaderOptions) => Promise<Uploader>} CreateUploader
 */

/** Of the package beside this file; nothing is loaded before it is called. @type {CreateUploader} */
export const createDefault = async (options) => {
  const { createUploader } = await import('../index.js').catch((cause) => {
    throw Object.assign(new Error(`partwise itself could not be loaded: ${cause.message}`, { cause }), {
      ...{ name: 'UploadError', code: 'network', operation: 'configure' },
      hint: 'Serve index.js of the package in the same folder as element.js.',
    });
  });
  return createUploader(options);
};

/** The library keeps one such record of each unfinished upload. */
const RECORD = /^partwise\/1\/.*\/head$/;

export class Supply {
  /** @type {Uploader | undefined} */
  current;
  #options;
  #create;
  #onMade;
  #own = false;
  /** Since then nobody has asked for one. */
  #disposed = false;
  /** @type {Promise<Uploader> | undefined} */
  #making;
  /** Uploaders of former options that are still uploading. @type {Set<Uploader>} */
  #former = new Set();

  /**
   * @param {() => UploaderOptions} options
   * @param {() => CreateUploader} create
   * @param {(uploader: Uploader) => void} onMade
   */
  constructor(options, create, onMade) {
    this.#options = options;
    this.#create = create;
    this.#onMade = onMade;
  }

  /** The uploader, made now if there is none. A failure is forgotten, so that it can be tried again. */
  get() {
    if (this.#making) return this.#making;
    this.#disposed = false;
    const making = this.#make(() => this.#making === making);
    this.#making = making;
    return making;
  }

  /** Takes another uploader, the page's own. @param {Uploader | undefined} uploader */
  adopt(uploader) {
    this.renew();
    if (!uploader) return;
    this.current = uploader;
    this.#making = Promise.resolve(uploader);
    this.#onMade(uploader);
  }

  /** The options have changed: the next file gets a new uploader, and what is under way goes on with the former one. */
  renew() {
    if (this.current && this.#own) this.#former.add(this.current);
    this.current = undefined;
    this.#making = undefined;
    this.#own = false;
    this.tidy();
  }

  /** Whether options decide about the uploader, not the page. */
  get own() {
    return this.#own || !this.current;
  }

  /** Lets go of former uploaders that have nothing left to do. */
  tidy() {
    for (const uploader of this.#former)
      if (uploader.uploads.length === 0) {
        this.#former.delete(uploader);
        uploader.dispose();
      }
  }

  dispose() {
    this.#disposed = true;
    if (this.#own) this.current?.dispose();
    for (const uploader of this.#former) uploader.dispose();
    this.#former.clear();
    this.renew();
  }

  /**
   * @param {() => boolean} wanted false once other options, or an uploader of the page, have come in between
   * @returns {Promise<Uploader>}
   */
  async #make(wanted) {
    try {
      const uploader = await this.#create()(this.#options());
      if (wanted()) {
        this.current = uploader;
        this.#own = true;
        this.#onMade(uploader);
        return uploader;
      }
      uploader.dispose();
    } catch (error) {
      if (wanted()) {
        this.#making = undefined;
        throw error;
      }
    }
    if (this.#disposed) throw new DOMException('it was disposed of', 'AbortError');
    return this.get();
  }
}

/** Whether an earlier page may have left something unfinished, told without loading anything. */
export function hasRecords() {
  try {
    return Object.keys(localStorage).some((key) => RECORD.test(key));
  } catch {
    // Where cookies are blocked, even looking at it throws.
    return false;
  }
}
