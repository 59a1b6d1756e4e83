/** The list of uploads and the line that sums it up. */
import { bar, button, fillBar, h, hasFocus, label, put, putPhrases } from './dom.js';
import { Row } from './row.js';

/**
 * @typedef {import('./speech.js').Speech} Speech
 * @typedef {import('partwise').Upload} Upload
 * @typedef {import('partwise').UploadState} UploadState
 */

/**
 * What a list tells the element.
 *
 * @typedef {object} QueueListener
 * @property {<K extends keyof import('../element.js').PartwiseEvents>(name: K, detail: import('../element.js').PartwiseEvents[K]) => void} emit
 * @property {() => void} onChange rows came, went, or changed their state
 * @property {(row: Row) => void} onState
 * @property {(row: Row) => void} onAgain a cancelled upload is wanted after all
 * @property {(warning: import('partwise').Warning) => void} onWarning one that concerns the page rather than a file
 * @property {() => void} onFocusLost the keyboard has nothing left to be on
 */

/** Those that neither move nor can. */
const ENDED = new Set(/** @type {UploadState[]} */ (['done', 'failed', 'cancelled']));
const FINISHED = new Set(/** @type {UploadState[]} */ (['done', 'cancelled']));
const PAUSABLE = new Set(
  /** @type {UploadState[]} */ (['queued', 'hashing', 'starting', 'uploading', 'offline']),
);

/** Concern the page rather than one file, and are told once. */
const PAGE_WARNINGS = new Set([
  'storage-unavailable',
  'storage-full',
  'worker-unavailable',
  'instant-unavailable',
]);

/** The summary is drawn, and told, at most this often, in milliseconds. */
const SUMMARY_EVERY = 150;

export class Queue {
  /** @type {Set<Row>} */
  #rows = new Set();
  #speech;
  #listener;
  #resting = false;
  #stale = false;
  /** Whether there was something to complete since everything was complete last. */
  #busy = false;
  #list = h('ul', { class: 'list', part: 'list', role: 'list' });
  #title = h('h2', { class: 'unseen', tabindex: -1 });
  #percent = h('p', { class: 'summary-percent', part: 'summary-percent' });
  #files = h('p', { class: 'summary-files' });
  #bytes = h('p', { class: 'summary-bytes' });
  #bar = bar();
  #pauseAll = button({ kind: 'small', sign: 'pause' }, () => this.pauseAll());
  #resumeAll = button({ kind: 'small', sign: 'resume' }, () => this.resumeAll());
  #clear = button({ kind: 'small' }, () => this.clear());
  #summary = h(
    'div',
    { class: 'summary', part: 'summary' },
    this.#percent,
    this.#files,
    h('div', { class: 'summary-actions' }, this.#pauseAll, this.#resumeAll, this.#clear),
    this.#bytes,
    this.#bar,
  );
  element = h('section', { class: 'uploads', part: 'uploads' }, this.#title, this.#summary, this.#list);

  /**
   * @param {() => Speech} speech
   * @param {QueueListener} listener
   */
  constructor(speech, listener) {
    this.#speech = speech;
    this.#listener = listener;
    this.element.hidden = true;
  }

  get rows() {
    return [...this.#rows];
  }

  /** Files in the list that are meant to arrive. */
  get wanted() {
    return this.rows.filter(({ state }) => state !== 'cancelled');
  }

  /** Whether anything has not come to its end. */
  get unfinished() {
    return this.rows.some(({ state }) => !ENDED.has(state));
  }

  /** @param {Upload} upload */
  has(upload) {
    return this.rows.some((row) => row.upload === upload);
  }

  /** A failed or cancelled upload of the same file, which a new one takes the place of. @param {import('./limits.js').Entry} entry */
  ended({ file, path }) {
    return this.rows.find(
      (row) =>
        (row.state === 'failed' || row.state === 'cancelled') &&
        row.path === path &&
        row.file.size === file.size,
    );
  }

  /**
   * @param {Upload} upload
   * @param {string} path
   * @param {Row} [instead] whose place it takes
   */
  show(upload, path, instead) {
    const row = new Row(upload, path, this.#speech, {
      onState: (changed, previous) => {
        this.#listener.onState(changed);
        this.#listener.emit('partwise-state', { upload, state: changed.state, previous });
        this.#changed();
      },
      onProgress: () => this.#summarize(),
      onDone: (_, result) => {
        this.#listener.emit('partwise-done', { upload, result });
        this.#changed();
      },
      onError: (_, error) => {
        this.#listener.emit('partwise-error', { upload, error });
        this.#changed();
      },
      onWarning: (_, warning) => {
        const general = PAGE_WARNINGS.has(warning.code);
        if (general) this.#listener.onWarning(warning);
        return general;
      },
      onAction: (acted, action) => this.#act(acted, action),
    });
    this.#rows.add(row);
    if (instead) {
      instead.element.before(row.element);
      const hadFocus = hasFocus(instead.element);
      this.#remove(instead);
      if (hadFocus) row.element.querySelector('button')?.focus();
    } else {
      this.#list.append(row.element);
    }
    this.#changed();
  }

  pauseAll() {
    for (const { state, upload } of this.#rows) if (PAUSABLE.has(state)) upload.pause();
  }

  resumeAll() {
    for (const { state, upload } of this.#rows) if (state === 'paused') upload.resume();
  }

  /** Takes what is done or cancelled off the list. */
  clear() {
    for (const row of this.rows) if (FINISHED.has(row.state)) this.#remove(row);
  }

  /** Cancels what is unfinished, and empties the list. */
  async empty() {
    const ending = this.rows.filter(({ state }) => !FINISHED.has(state)).map(({ upload }) => upload.cancel());
    for (const row of this.rows) this.#remove(row);
    await Promise.all(ending);
  }

  paint() {
    const speech = this.#speech();
    put(this.#title, speech.say('uploads'));
    this.#list.setAttribute('aria-label', speech.say('uploads'));
    label(this.#pauseAll, speech.say('pauseAll'));
    label(this.#resumeAll, speech.say('resumeAll'));
    label(this.#clear, speech.say('clear'));
    for (const row of this.#rows) row.paint();
    this.#paintSummary();
  }

  /**
   * @param {Row} row
   * @param {import('./row.js').Action} action
   */
  async #act(row, action) {
    const { upload } = row;
    if (action === 'pause') upload.pause();
    if (action === 'resume' || action === 'retry') upload.resume();
    if (action === 'again') this.#listener.onAgain(row);
    if (action === 'cancel') await upload.cancel();
    if (action === 'remove') {
      const unfinished = row.state === 'failed';
      this.#remove(row);
      // What has arrived of it is not wanted any more.
      if (unfinished) await upload.cancel();
    }
  }

  /** @param {Row} row */
  #remove(row) {
    const hadFocus = hasFocus(row.element);
    this.#rows.delete(row);
    const next = row.remove();
    this.#changed();
    if (hadFocus) {
      if (next) next.focus();
      else this.#listener.onFocusLost();
    }
    this.#listener.emit('partwise-removed', { upload: row.upload });
  }

  #changed() {
    if (this.#rows.size === 0 && hasFocus(this.element)) this.#listener.onFocusLost();
    this.element.hidden = this.#rows.size === 0;
    this.#summary.hidden = this.#rows.size < 2;
    this.#listener.onChange();
    this.#summarize();
    this.#complete();
  }

  /** Tells once when nothing is left to do. */
  #complete() {
    const busy = this.unfinished;
    const was = this.#busy;
    // An upload says that it is done a moment before it tells its result.
    this.#busy = busy || (was && this.rows.some(({ state, result }) => state === 'done' && !result));
    if (!was || this.#busy || this.#rows.size === 0) return;
    const results = this.rows.flatMap(({ result }) => (result ? [result] : []));
    const failed = this.rows.filter(({ state }) => state === 'failed').map(({ upload }) => upload);
    // The progress of all comes before their end.
    if (this.#stale) this.#tell();
    this.#listener.emit('partwise-complete', { results, failed });
  }

  /** Draws the summary now, or once it has rested. */
  #summarize() {
    this.#stale = true;
    if (this.#resting) return;
    this.#resting = true;
    this.#tell();
    setTimeout(() => {
      this.#resting = false;
      if (this.#stale) this.#summarize();
    }, SUMMARY_EVERY);
  }

  #tell() {
    this.#stale = false;
    this.#paintSummary();
    this.#listener.emit('partwise-progress', this.progress);
  }

  /** All uploads of the list together. */
  get progress() {
    const sums = { loaded: 0, total: 0, bytesPerSecond: 0 };
    let ahead = 0;
    const wanted = this.wanted;
    for (const { state, upload } of wanted) {
      const { loaded, total, bytesPerSecond } = upload.progress;
      sums.loaded += loaded;
      sums.total += total;
      if (!ENDED.has(state) && state !== 'paused') ahead += total - loaded;
      if (state === 'uploading') sums.bytesPerSecond += bytesPerSecond;
    }
    const having = (/** @type {UploadState} */ state) => wanted.filter((row) => row.state === state).length;
    const done = having('done');
    const isOver = wanted.length > 0 && done === wanted.length;
    const percent = sums.total > 0 ? (100 * sums.loaded) / sums.total : isOver ? 100 : 0;
    const secondsLeft = sums.bytesPerSecond > 0 ? ahead / sums.bytesPerSecond : null;
    return { ...sums, percent, secondsLeft, files: wanted.length, done, failed: having('failed') };
  }

  #paintSummary() {
    if (this.#summary.hidden) return;
    const speech = this.#speech();
    const { progress } = this;
    put(this.#percent, speech.percent(progress.percent));
    putPhrases(this.#files, [
      speech.say('files', { done: speech.count(progress.done), all: speech.count(progress.files) }),
      progress.failed > 0 && speech.say('failedFiles', { count: speech.count(progress.failed) }),
    ]);
    putPhrases(this.#bytes, progress.files > 0 ? speech.progress(progress) : []);
    const text = `${this.#files.textContent} · ${this.#bytes.textContent}`;
    fillBar(this.#bar, { percent: progress.percent, label: speech.say('overall'), text });

    const states = this.rows.map(({ state }) => state);
    this.#offer(this.#pauseAll, states.filter((state) => PAUSABLE.has(state)).length > 0);
    this.#offer(this.#resumeAll, states.includes('paused') && !states.some((state) => PAUSABLE.has(state)));
    this.#offer(
      this.#clear,
      states.some((state) => FINISHED.has(state)),
    );
  }

  /** Shows or hides a button; where it had the keyboard, the list takes it. @param {HTMLElement} element @param {boolean} useful */
  #offer(element, useful) {
    const hadFocus = hasFocus(element);
    element.hidden = !useful;
    if (!hadFocus || useful) return;
    const other = [this.#pauseAll, this.#resumeAll, this.#clear].find((each) => !each.hidden);
    (other ?? this.#title).focus({ preventScroll: true });
  }
}
