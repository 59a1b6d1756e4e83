/** `<partwise-uploader>`: puts zone, list, notices and form together around one uploader. */
import { h, set } from './dom.js';
import { takeDrops } from './drop.js';
import { FormControl } from './form-control.js';
import { refusal } from './limits.js';
import { Announcer, Notices } from './notices.js';
import {
  OBSERVED,
  OPTION_ATTRIBUTES,
  limitsOf,
  optionsOf,
  reflect,
  upgrade,
  isUnreadable,
} from './options.js';
import { Pending } from './pending.js';
import { Queue } from './queue.js';
import { refusedNotice } from './refused.js';
import { Speech, languageAt } from './speech.js';
import { sheet } from './style.js';
import { Supply, createDefault, hasRecords } from './supply.js';
import { Zone } from './zone.js';

/**
 * @typedef {import('../element.js').PartwiseEvents} PartwiseEvents
 * @typedef {import('./limits.js').Entry} Entry
 * @typedef {import('./row.js').Row} Row
 * @typedef {import('partwise').Uploader} Uploader
 */

/** Properties beside those of attributes, see {@link upgrade}. */
const PROPERTIES = ['options', 'createUploader', 'uploader', 'words', 'addOptions', 'check'];

export class PartwiseUploader extends FormControl {
  static observedAttributes = OBSERVED;

  #speech = new Speech('en');
  #disabled = false;
  /** @type {AbortController | undefined} */
  #connection;
  /** @type {Partial<import('partwise').UploaderOptions>} */
  #options = {};
  /** @type {import('./supply.js').CreateUploader | undefined} */
  #createUploader;
  /** @type {Partial<import('../element.js').Words> | undefined} */
  #words;
  #formIsStale = false;
  /** What cannot be added before the uploader is there. @type {Entry[]} */
  #waiting = [];
  /** Where files can be read again after a reload. @type {WeakMap<File, FileSystemFileHandle>} */
  #handles = new WeakMap();
  /** @type {import('../element.js').PartwiseUploader['addOptions']} */
  #addOptions;
  /** @type {import('../element.js').PartwiseUploader['check']} */
  #check;

  #say = () => this.#speech;
  #home = () => this.#zone.home.focus({ preventScroll: true });
  #zone = new Zone((files, unreadable) => this.#addAll(files, unreadable));
  #announcer = new Announcer(this.#say);
  #notices = new Notices(this.#say, (lines) => this.#announcer.say(lines), this.#home);
  #queue = new Queue(this.#say, {
    emit: (name, detail) => this.#emit(name, detail),
    onChange: () => this.#onChange(),
    onState: (row) => this.#onState(row),
    onAgain: (row) => this.#start(row, row),
    onWarning: ({ code, message }) =>
      this.#notices.show({ text: (speech) => speech.say(`warning.${code}`) || message, name: code }),
    onFocusLost: this.#home,
  });
  #pending = new Pending(this.#say, {
    uploader: () => this.#supply.current,
    activeKeys: () => new Set(this.#queue.rows.flatMap(({ upload }) => upload.key ?? [])),
    onFile: (file) => this.add([file]),
    wants: (pending) => this.#wants(pending),
    onUpload: (upload) => {
      if (!this.#queue.has(upload)) this.#show(upload);
    },
    onNotice: (text, error) => this.#notices.show({ text, error }),
    onFocusLost: this.#home,
  });
  #root = h(
    'fieldset',
    { class: 'root', part: 'root' },
    this.#zone.element,
    this.#notices.element,
    this.#pending.element,
    this.#queue.element,
    h('slot', { name: 'footer' }),
    this.#zone.veil,
    this.#announcer.element,
  );
  #supply = new Supply(
    () => /** @type {import('partwise').UploaderOptions} */ ({ ...optionsOf(this), ...this.#options }),
    () => this.#createUploader ?? createDefault,
    (uploader) => this.#onUploader(uploader),
  );

  constructor() {
    super();
    // The keyboard goes to the first button, also by way of a label or of a form that wants a file.
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [sheet()];
    root.append(this.#root);
  }

  get results() {
    return this.#queue.rows.flatMap(({ result }) => result ?? []);
  }

  get uploads() {
    return this.#queue.rows.map(({ upload }) => upload);
  }

  get progress() {
    return this.#queue.progress;
  }

  get options() {
    return this.#options;
  }

  set options(options) {
    this.#options = options ?? {};
    this.#optionsChanged();
  }

  get createUploader() {
    return this.#createUploader;
  }

  set createUploader(create) {
    this.#createUploader = create;
    this.#optionsChanged();
  }

  get uploader() {
    return this.#supply.current;
  }

  set uploader(uploader) {
    this.#supply.adopt(uploader);
    if (!uploader) this.#optionsChanged();
  }

  get words() {
    return this.#words;
  }

  set words(words) {
    this.#words = words;
    this.#paint();
  }

  // Not fields: those would hide what was set before the element was defined.
  get addOptions() {
    return this.#addOptions;
  }

  set addOptions(addOptions) {
    this.#addOptions = addOptions;
  }

  get check() {
    return this.#check;
  }

  set check(check) {
    this.#check = check;
  }

  /** The uploader, loaded and made now if there is none yet. */
  ready() {
    return this.#supply.get();
  }

  /** @param {Iterable<File | Entry>} files */
  add(files) {
    return this.#addAll(files, []);
  }

  /**
   * @param {Iterable<File | Entry>} files
   * @param {readonly string[]} unreadable paths
   */
  async #addAll(files, unreadable) {
    const entries = [...files].map((each) =>
      each instanceof File ? { file: each, path: pathOf(each) } : each,
    );
    this.#take(entries, unreadable);
    await this.#addWaiting();
  }

  open() {
    this.#zone.open();
  }

  pauseAll() {
    this.#queue.pauseAll();
  }

  resumeAll() {
    this.#queue.resumeAll();
  }

  clear() {
    this.#queue.clear();
  }

  async reset() {
    this.#waiting = [];
    this.#notices.clear();
    this.#onChange();
    await this.#queue.empty();
  }

  dispose() {
    this.#waiting = [];
    this.#supply.dispose();
    this.#onChange();
  }

  connectedCallback() {
    upgrade(this, PROPERTIES);
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    this.#listen(signal);
    // Its own language, or that of anything around it, may change.
    const observer = new MutationObserver(() => this.#paint());
    const change = { attributes: true, attributeFilter: ['lang', 'dir'], subtree: true };
    observer.observe(this.ownerDocument.documentElement, change);
    signal.addEventListener('abort', () => observer.disconnect());
    this.#paint();
    this.#updateForm();
    this.#lookForPending();
  }

  /** Uploads go on: whoever puts the element back finds them where they are by then. */
  disconnectedCallback() {
    this.#connection?.abort();
    this.#connection = undefined;
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (now !== null && isUnreadable(name, now))
      console.warn(`<${this.localName}>: ${name}="${now}" is no number, and counts for nothing.`);
    if (before === now || !this.#connection) return;
    if (name in OPTION_ATTRIBUTES) this.#optionsChanged();
    if (name === 'whole-page') {
      this.disconnectedCallback();
      this.connectedCallback();
    }
    this.#paint();
    this.#updateForm();
  }

  /** @param {boolean} disabled by an attribute, or by a fieldset around it */
  formDisabledCallback(disabled) {
    this.#disabled = disabled;
    this.#root.disabled = disabled;
  }

  formResetCallback() {
    this.reset().catch(() => {});
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    takeDrops(
      this.wholePage ? this.ownerDocument : this,
      {
        ready: () => !this.#disabled,
        drag: (dragging) => {
          if (dragging) this.#warm();
          this.#zone.drag(dragging);
        },
        files: (entries, unreadable) => {
          this.#take(entries, unreadable);
          this.#addWaiting();
        },
      },
      signal,
    );
    // Whoever comes near is going to need it soon.
    for (const event of ['pointerenter', 'focusin'])
      this.addEventListener(event, () => this.#warm(), { signal });
  }

  /** Loads ahead of need, where that costs nothing when it fails. */
  #warm() {
    if (this.#supply.current || this.#disabled || !this.#configured) return;
    this.#supply.get().catch(() => {});
  }

  get #configured() {
    const { endpoint, signRequest, backend, store, form } = /** @type {any} */ (this.#options);
    return [this.getAttribute('endpoint'), endpoint, signRequest, backend, store, form].some(Boolean);
  }

  #lookForPending() {
    if (this.#supply.current) this.#pending.refresh();
    else if (this.#configured && hasRecords()) this.#warm();
  }

  #optionsChanged() {
    if (!this.#supply.own) return;
    this.#supply.renew();
    if (this.#connection) this.#lookForPending();
  }

  /** @param {Uploader} uploader */
  #onUploader(uploader) {
    for (const upload of uploader.uploads)
      if (!this.#queue.has(upload)) this.#queue.show(upload, pathOf(upload.file));
    this.#pending.refresh();
  }

  /**
   * Refuses what is not wanted, and lets the others wait to be added.
   *
   * @param {readonly Entry[]} entries
   * @param {readonly string[]} unreadable paths
   */
  #take(entries, unreadable) {
    /** @type {PartwiseEvents['partwise-refused'][]} */
    const refused = unreadable.map((path) => ({ path, reason: 'unreadable' }));
    const limits = this.#limits;
    const present = [...this.#queue.wanted.filter(({ state }) => state !== 'failed'), ...this.#waiting];
    for (const { file, path, handle } of entries) {
      if (handle) this.#handles.set(file, handle);
      const own = this.check?.(file, path);
      const reason = own ? 'custom' : refusal({ file, path }, limits, present);
      if (reason) {
        refused.push({ file, path, reason, ...(own ? { message: own } : {}) });
      } else {
        this.#waiting.push({ file, path });
        present.push({ file, path });
      }
    }
    this.#refuse(refused);
    this.#onChange();
  }

  /** Whether an unfinished upload may be one of the list: its type was looked at when it was begun. @param {import('partwise').PendingUpload} pending */
  #wants({ name, size, lastModified }) {
    const file = /** @type {File} */ ({ name, size, lastModified, type: '' });
    const present = this.#queue.wanted.filter(({ state }) => state !== 'failed');
    const reason = refusal({ file, path: name }, { ...this.#limits, accept: '' }, present);
    if (reason) this.#refuse([{ path: name, reason }]);
    return !reason;
  }

  /** @param {PartwiseEvents['partwise-refused'][]} refused */
  #refuse(refused) {
    if (refused.length === 0) return;
    for (const each of refused) this.#emit('partwise-refused', each);
    this.#notices.show(refusedNotice(refused, this.#limits));
  }

  /** Adds what waits, once the uploader is there. */
  async #addWaiting() {
    if (this.#waiting.length === 0) return;
    const slow = setTimeout(() => this.#zone.wait(this.#speech.say('preparing')), 200);
    try {
      await this.#supply.get();
    } catch (error) {
      // Whoever has disposed of it, or reset it, wants nothing more.
      if (this.#waiting.length === 0) return;
      this.#emit('partwise-error', { error: /** @type {any} */ (error) });
      this.#notices.show({
        name: 'not-started',
        text: (speech) => speech.say('notStarted', { problem: speech.problem(error) }),
        error,
        action: { word: 'tryAgain', act: () => this.#addWaiting() },
        onDismiss: () => {
          this.#waiting = [];
          this.#onChange();
        },
      });
      return;
    } finally {
      clearTimeout(slow);
      this.#zone.wait();
    }
    this.#notices.dismiss('not-started');
    for (const entry of this.#waiting.splice(0)) this.#start(entry);
    this.#onChange();
  }

  /**
   * @param {Entry} entry
   * @param {Row} [instead] the cancelled one that is begun again
   */
  #start({ file, path }, instead) {
    const uploader = this.#supply.current;
    if (!uploader) {
      this.#waiting.push({ file, path });
      this.#addWaiting();
      return;
    }
    try {
      const options = instead?.upload.options ?? this.#addOptionsOf(file, path);
      this.#show(uploader.add(file, options), path, instead);
    } catch (error) {
      this.#refuse([{ file, path, reason: 'error', error: /** @type {any} */ (error) }]);
    }
  }

  /**
   * @param {File} file
   * @param {string} path
   */
  #addOptionsOf(file, path) {
    const handle = this.#handles.get(file);
    return { ...(handle && { handle }), ...this.#keyOf(path, file), ...this.addOptions?.(file, path) };
  }

  /**
   * @param {import('partwise').Upload} upload
   * @param {string} [path]
   * @param {Row} [instead]
   */
  #show(upload, path = pathOf(upload.file), instead) {
    const { file } = upload;
    this.#queue.show(upload, path, instead ?? this.#queue.ended({ file, path }));
    this.#emit('partwise-added', { upload, path });
  }

  /**
   * The folder of a file is kept where a server makes the key of it. Where the key would be the object's own, two folders of the
   * same name would overwrite each other: there it is for the page to say.
   *
   * @param {string} path
   * @param {File} file
   */
  #keyOf(path, file) {
    const { endpoint, backend, key } = /** @type {any} */ ({ ...optionsOf(this), ...this.#options });
    return path !== file.name && (endpoint || backend) && !key ? { key: path } : {};
  }

  /** Where nothing outlives the page, no handle is needed. */
  get #keepsFiles() {
    const { storage, form } = /** @type {any} */ ({ ...optionsOf(this), ...this.#options });
    return storage !== 'memory' && !form;
  }

  get #limits() {
    return limitsOf(this);
  }

  /** @param {Row} row */
  #onState(row) {
    row.continuedAt ??= this.#pending.sentBefore(row.upload.key);
    this.#announcer.state(row.state, row.path);
    this.#pending.refresh();
    this.#supply.tidy();
  }

  #onChange() {
    set(this.#root, 'data-filled', this.#queue.rows.length > 0);
    if (this.#formIsStale) return;
    // A thousand files are added at once, and the form hears of them once.
    this.#formIsStale = true;
    queueMicrotask(() => this.#updateForm());
  }

  #updateForm() {
    this.#formIsStale = false;
    const failed = this.#queue.rows.some(({ state }) => state === 'failed');
    const complaint =
      this.#queue.unfinished || this.#waiting.length > 0 ? 'unfinished' : failed ? 'unsuccessful' : undefined;
    this.submits(
      this.results.map(({ key }) => key),
      {
        complaint: complaint && this.#speech.say(complaint),
        missing: this.#speech.say('required'),
        anchor: this.#zone.home,
      },
    );
  }

  #paint() {
    if (!this.#connection) return;
    this.#speech = new Speech(languageAt(this), this.#words);
    const named = [...this.labels].map((label) => label.textContent?.trim()).join(' ');
    set(this.#root, 'aria-label', this.getAttribute('aria-label') || named || this.#speech.say('region'));
    set(this.#root, 'lang', this.#speech.locale);
    this.#zone.paint(this.#speech, {
      limits: this.#limits,
      folders: this.folders,
      wholePage: this.wholePage,
      plainPicker: this.plainPicker || !this.#keepsFiles,
    });
    this.#notices.paint();
    this.#pending.paint();
    this.#queue.paint();
  }

  /**
   * @template {keyof PartwiseEvents} K
   * @param {K} name
   * @param {PartwiseEvents[K]} detail
   */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** @param {File & { relativePath?: string }} file */
function pathOf({ relativePath, webkitRelativePath, name }) {
  return relativePath || webkitRelativePath || name;
}

reflect(PartwiseUploader);
