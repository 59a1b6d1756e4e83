import { fill, fromTemplate, put, putOrHide, putPhrases } from './dom.js';
import { bytes, count, duration, elide, percent, speed } from './format.js';
import { say } from './language.js';

/** What can be done with an upload in each state. */
const ACTIONS = {
  queued: ['pause', 'cancel'],
  hashing: ['pause', 'cancel'],
  starting: ['pause', 'cancel'],
  uploading: ['pause', 'cancel'],
  offline: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  completing: ['cancel'],
  done: ['remove'],
  failed: ['retry', 'cancel'],
  cancelled: ['retry', 'remove'],
};

const FINAL = new Set(['done', 'failed', 'cancelled']);

/** How long a note about a retry stays after the retry was made, in milliseconds. */
const NOTE_STAYS = 2000;

/** One upload in the list: shows it and passes the buttons on. */
export class Row {
  element = fromTemplate('row-template');
  upload;
  /** What the user knows the file by: its name, or its path in a folder. */
  name;
  /** Bytes an earlier page had sent, once known. */
  continuedAt;
  #hash;
  #result;
  #retry;
  #retryTimer;
  #warning;
  #listeners;

  /**
   * `onState(row)` is called on every change of state, before the row is drawn, `onProgress()` whenever bytes
   * advanced, `onAction(row, name)` for a button, and `onWarning(warning)`, which may return true to tell it elsewhere.
   */
  constructor(upload, name, { onState, onProgress, onWarning, onAction }) {
    this.upload = upload;
    this.name = name;
    this.element.dataset.id = upload.id;
    this.#find('[data-testid=row-progress]').setAttribute('aria-label', name);
    for (const button of this.#buttons()) {
      button.addEventListener('click', () => onAction(this, button.dataset.do));
    }
    this.#listeners = [
      upload.on('state', () => {
        this.#forgetRetry();
        onState(this);
        this.paint();
      }),
      upload.on('progress', () => {
        this.#paintProgress();
        onProgress();
      }),
      upload.on('hash', (hash) => {
        this.#hash = hash;
        this.#paintHash();
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
        if (onWarning(warning)) return;
        this.#warning = warning;
        this.#paintNote();
      }),
      upload.on('done', (result) => {
        this.#result = result;
        this.paint();
      }),
      upload.on('error', () => this.paint()),
    ];
    this.paint();
  }

  get state() {
    return this.upload.state;
  }

  /** Draws everything anew, also after a change of language. */
  paint() {
    const { state, upload, name } = this;
    this.element.dataset.state = state;
    const title = this.#find('[data-testid=row-name]');
    put(title, elide(name));
    title.title = name;
    put(this.#find('[data-testid=row-state]'), say.states[state]);
    put(this.#find('[data-testid=row-size]'), bytes(upload.file.size));
    this.#paintButtons();
    this.#paintHash();
    this.#paintProgress();
    this.#paintNote();
    this.#paintError();
    this.#paintResult();
  }

  /** Takes the row off the page, and the keyboard on to its neighbour. Returns false where there is none. */
  remove() {
    this.#listeners.forEach((stop) => stop());
    this.#forgetRetry();
    const hadFocus = this.element.contains(document.activeElement);
    const neighbour = this.element.nextElementSibling ?? this.element.previousElementSibling;
    this.element.remove();
    if (hadFocus) neighbour?.querySelector('button:not([hidden])')?.focus();
    return !hadFocus || Boolean(neighbour);
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #buttons() {
    return this.element.querySelectorAll('button[data-do]');
  }

  #paintButtons() {
    const actions = ACTIONS[this.state];
    const lostFocus = [...this.#buttons()].some(
      (button) => button === document.activeElement && !actions.includes(button.dataset.do),
    );
    for (const button of this.#buttons()) {
      const what = button.dataset.do;
      const label = what === 'retry' && this.state === 'cancelled' ? say.again : say[what];
      button.hidden = !actions.includes(what);
      button.title = label;
      button.setAttribute('aria-label', say.actionOn(label, this.name));
      put(button.querySelector('span'), label);
    }
    // The button just pressed has gone; its counterpart takes its place, for the keyboard too.
    if (lostFocus) this.#find('button:not([hidden])')?.focus();
  }

  #paintProgress() {
    const { loaded, total, percent: full, bytesPerSecond, secondsLeft } = this.upload.progress;
    fill(this.#find('[data-testid=row-progress]'), full);
    const moving = this.state === 'uploading' && bytesPerSecond > 0;
    const text = [
      say.sent(bytes(loaded, total), bytes(total)),
      moving && speed(bytesPerSecond),
      moving && secondsLeft !== null && say.left(duration(secondsLeft)),
    ];
    putPhrases(this.#find('[data-testid=row-text]'), text);
    put(this.#find('[data-testid=row-percent]'), percent(full));
  }

  #paintHash() {
    const md5 = this.#result?.md5 ?? this.#hash?.md5;
    const element = this.#find('[data-testid=row-md5]');
    const text = md5 ? say.md5(md5) : this.#hash && say.hashing(percent(this.#hash.percent));
    putOrHide(element, md5 || !FINAL.has(this.state) ? text : '');
    element.classList.toggle('digest', Boolean(md5));
    // A full bar would look like success where nothing has arrived.
    const failed = this.state === 'failed' || this.state === 'cancelled';
    const hashed = failed ? 0 : md5 ? 1 : (this.#hash?.percent ?? 0) / 100;
    this.#find('.bar-hashed').style.setProperty('--full', hashed);
  }

  #paintNote() {
    const final = FINAL.has(this.state);
    const note = this.#find('[data-testid=row-note]');
    const retry = this.#retry && !final;
    note.classList.toggle('warning', Boolean(retry || this.#warning));
    if (retry) {
      const { code, delay } = this.#retry;
      putOrHide(note, say.retrying(say.errors[code] ?? code, duration(delay / 1000)));
    } else if (this.#warning) {
      putOrHide(note, say.warnings[this.#warning.code] ?? this.#warning.message);
    } else {
      putOrHide(note, !final && this.continuedAt > 0 ? say.continued(bytes(this.continuedAt)) : '');
    }
  }

  #forgetRetry() {
    clearTimeout(this.#retryTimer);
    this.#retry = undefined;
  }

  #paintError() {
    const box = this.#find('[data-testid=row-error]');
    const error = this.state === 'failed' ? this.upload.error : undefined;
    box.hidden = !error;
    if (!error) return;
    const part = (name) => box.querySelector(`[data-part=${name}]`);
    const { where } = say;
    put(part('title'), say.errors[error.code] ?? error.message);
    put(part('code'), error.code);
    putOrHide(part('message'), error.message);
    put(part('hint'), error.hint);
    part('hint').parentElement.hidden = !error.hint;
    const place = [
      error.partNumber && where.part(count(error.partNumber)),
      error.status && where.status(error.status),
      error.requestId && where.request(error.requestId),
    ];
    putOrHide(part('where'), place.filter(Boolean).join(' · '));
  }

  #paintResult() {
    // Not a link: what an upload makes is private until the bucket's owner says otherwise.
    this.#find('[data-testid=row-result]').hidden = !this.#result;
    if (this.#result) put(this.#find('[data-testid=row-key]'), this.#result.key);
  }
}
