/** One upload in the list: shows it and passes the buttons on. */
import {
  bar,
  button,
  fillBar,
  full,
  h,
  hasFocus,
  icon,
  label,
  put,
  putOrHide,
  putPhrases,
  redraw,
  sayOrHide,
  set,
} from './dom.js';
import { elide } from './elide.js';
import { makeError } from './error.js';

/**
 * @typedef {import('./speech.js').Speech} Speech
 * @typedef {import('partwise').Upload} Upload
 * @typedef {import('partwise').UploadState} UploadState
 * @typedef {import('../element.js').WordKey} WordKey
 * @typedef {'pause' | 'resume' | 'retry' | 'again' | 'cancel' | 'remove'} Action
 */

/**
 * What a row tells its list.
 *
 * @typedef {object} RowListener
 * @property {(row: Row, previous: UploadState) => void} onState before the row is drawn
 * @property {() => void} onProgress
 * @property {(row: Row, result: import('partwise').UploadResult) => void} onDone
 * @property {(row: Row, error: import('partwise').UploadError) => void} onError
 * @property {(row: Row, warning: import('partwise').Warning) => boolean} onWarning true: it is told elsewhere
 * @property {(row: Row, action: Action) => void} onAction
 */

/** The two buttons of a row, by state: what goes on or halts, and what ends. @type {Readonly<Record<UploadState, readonly [Action | undefined, Action]>>} */
const ACTIONS = {
  queued: ['pause', 'cancel'],
  hashing: ['pause', 'cancel'],
  starting: ['pause', 'cancel'],
  uploading: ['pause', 'cancel'],
  offline: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  completing: [undefined, 'cancel'],
  done: [undefined, 'remove'],
  failed: ['retry', 'remove'],
  cancelled: ['again', 'remove'],
};

/** @type {Readonly<Record<Action, import('./dom.js').Icon>>} */
const SIGNS = {
  pause: 'pause',
  resume: 'resume',
  retry: 'retry',
  again: 'retry',
  cancel: 'cross',
  remove: 'cross',
};

/** @type {Readonly<Record<UploadState, import('./dom.js').Icon>>} */
const STATE_SIGNS = {
  ...{ queued: 'wait', hashing: 'file', starting: 'file', uploading: 'upload', completing: 'upload' },
  ...{ paused: 'pause', offline: 'offline', done: 'check', failed: 'alert', cancelled: 'cross' },
};

/** How long a note about a retry stays after the retry was made, in milliseconds. */
const NOTE_STAYS = 2000;

export class Row {
  /** @readonly */
  upload;
  /** What the user knows the file by: its name, or its path in a folder. @readonly */
  path;
  /** Bytes an earlier page had sent, once known. @type {number | undefined} */
  continuedAt;
  /** @type {import('partwise').UploadResult | undefined} */
  result;
  /** @readonly */
  element;
  #speech;
  #listener;
  #listening;
  /** @type {import('partwise').HashProgress | undefined} */
  #hash;
  /** @type {import('partwise').RetryNotice | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retryTimer;
  /** @type {import('partwise').Warning | undefined} */
  #warning;
  #parts = {
    sign: icon('file'),
    name: h('bdi'),
    text: h('p', { class: 'text', part: 'text' }),
    percent: h('p', { class: 'percent', part: 'percent', 'aria-hidden': 'true' }),
    bar: bar('hashed'),
    note: h('p', { class: 'note', part: 'note' }),
    result: h('p', { class: 'result', part: 'result' }),
    error: makeError(),
  };
  #go;
  #end;

  /**
   * @param {Upload} upload
   * @param {string} path
   * @param {() => Speech} speech
   * @param {RowListener} listener
   */
  constructor(upload, path, speech, listener) {
    this.upload = upload;
    this.path = path;
    this.#speech = speech;
    this.#listener = listener;
    const act = (/** @type {0 | 1} */ which) => () => {
      const action = ACTIONS[this.state][which];
      if (action) listener.onAction(this, action);
    };
    this.#go = button({ kind: 'bare', sign: 'pause' }, act(0));
    this.#end = button({ kind: 'bare', sign: 'cross' }, act(1));
    const { sign, name, text, percent, bar: progress, note, result, error } = this.#parts;
    this.element = h(
      'li',
      { class: 'item', 'data-id': upload.id },
      h('span', { class: 'sign', part: 'sign' }, sign),
      h('p', { class: 'name', part: 'name' }, name),
      h('div', { class: 'actions' }, this.#go, this.#end),
      text,
      h('div', { class: 'track' }, progress, percent),
      result,
      note,
      error.box,
    );
    this.#listening = this.#listen();
    this.paint();
  }

  get state() {
    return this.upload.state;
  }

  get file() {
    return this.upload.file;
  }

  /** Draws everything anew, also in another language. */
  paint() {
    const { state, path } = this;
    const { name, sign, error } = this.#parts;
    set(this.element, 'data-state', state);
    set(this.element, 'part', `item item-${state}`);
    put(name, elide(path));
    set(name, 'title', name.textContent === path ? undefined : path);
    redraw(sign, STATE_SIGNS[state]);
    this.#paintButtons();
    this.#paintProgress();
    this.#paintNote();
    error.paint(this.#speech(), state === 'failed' ? this.upload.error : undefined);
    const { key } = this.result ?? {};
    putOrHide(this.#parts.result, key ? this.#speech().say('storedAs', { key }) : '');
  }

  /** Takes the row off the page. Returns the button that the keyboard goes on with, if it was here. */
  remove() {
    this.#listening.forEach((stop) => stop());
    this.#forgetRetry();
    const next = this.element.nextElementSibling ?? this.element.previousElementSibling;
    const focus = hasFocus(this.element) ? next?.querySelector('button:not([hidden])') : undefined;
    this.element.remove();
    return /** @type {HTMLElement | null | undefined} */ (focus);
  }

  #listen() {
    const { upload } = this;
    return [
      upload.on('state', ({ previous }) => {
        this.#forgetRetry();
        this.#listener.onState(this, previous);
        this.paint();
      }),
      upload.on('progress', () => {
        this.#paintProgress();
        this.#listener.onProgress();
      }),
      upload.on('hash', (hash) => {
        this.#hash = hash;
        this.#paintProgress();
      }),
      upload.on('retry', (retry) => {
        this.#forgetRetry();
        this.#retry = retry;
        this.#retryTimer = setTimeout(() => {
          this.#forgetRetry();
          this.#paintNote();
        }, retry.delay + NOTE_STAYS);
        this.#paintNote();
      }),
      upload.on('warning', (warning) => {
        if (this.#listener.onWarning(this, warning)) return;
        this.#warning = warning;
        this.#paintNote();
      }),
      upload.on('done', (result) => {
        this.result = result;
        this.paint();
        this.#listener.onDone(this, result);
      }),
      upload.on('error', (error) => {
        this.paint();
        this.#listener.onError(this, error);
      }),
    ];
  }

  #paintButtons() {
    const speech = this.#speech();
    const [go, end] = ACTIONS[this.state];
    const hadFocus = hasFocus(this.#go);
    this.#go.hidden = !go;
    for (const [element, action] of /** @type {const} */ ([
      [this.#go, go],
      [this.#end, end],
    ])) {
      if (!action) continue;
      const word = speech.say(action);
      set(element, 'data-do', action);
      redraw(/** @type {Element} */ (element.querySelector('svg')), SIGNS[action]);
      // What has come to a halt says aloud what can be done about it; signs are enough for the rest.
      const aloud = action === 'retry' || action === 'again';
      element.classList.toggle('bare', !aloud);
      element.classList.toggle('small', aloud);
      label(element, word, speech.on(word, this.path));
    }
    if (hadFocus && !go) this.#end.focus();
  }

  #paintProgress() {
    const speech = this.#speech();
    const { state, upload } = this;
    const { text, percent, bar: progress } = this.#parts;
    const said = speech.say(`state.${state}`);
    const phrases = {
      ...{
        uploading: () => speech.progress(upload.progress),
        queued: () => [said, speech.bytes(this.file.size)],
      },
      ...{ hashing: () => [this.#hashed() || said], done: () => [said, speech.bytes(this.file.size)] },
    };
    const still = { loaded: upload.progress.loaded, total: upload.progress.total };
    const phrase = /** @type {Partial<Record<UploadState, () => string[]>>} */ (phrases)[state];
    putPhrases(text, phrase?.() ?? (state === 'cancelled' ? [said] : [said, ...speech.progress(still)]));
    put(percent, speech.percent(upload.progress.percent));
    fillBar(progress, {
      percent: upload.progress.percent,
      label: this.path,
      text: text.textContent ?? '',
    });
    // A full bar would look like success where nothing has arrived.
    const ended = state === 'failed' || state === 'cancelled';
    full(/** @type {HTMLElement} */ (progress.firstElementChild), ended ? 0 : (this.#hash?.percent ?? 0));
  }

  /** How far hashing is, when that is what is waited for. */
  #hashed() {
    const { percent } = this.#hash ?? {};
    return percent === undefined
      ? ''
      : this.#speech().say('hashing', { percent: this.#speech().percent(percent) });
  }

  #paintNote() {
    const speech = this.#speech();
    const { note } = this.#parts;
    const final = this.state === 'done' || this.state === 'failed' || this.state === 'cancelled';
    const retry = final ? undefined : this.#retry;
    set(note, 'data-warning', Boolean(retry || this.#warning));
    if (retry) {
      const { delay } = retry;
      const duration = speech.duration(delay / 1000);
      sayOrHide(note, speech.say('retrying', { problem: speech.problem(retry), duration }));
    } else if (this.#warning) {
      const key = /** @type {WordKey} */ (`warning.${this.#warning.code}`);
      sayOrHide(note, speech.say(key) || this.#warning.message);
    } else {
      const continued = final ? 0 : (this.continuedAt ?? 0);
      sayOrHide(note, continued > 0 ? speech.say('continued', { size: speech.bytes(continued) }) : '');
    }
  }

  #forgetRetry() {
    clearTimeout(this.#retryTimer);
    this.#retry = undefined;
  }
}
