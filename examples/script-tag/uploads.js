import { byId, fill, put, putPhrases } from './dom.js';
import { bytes, count, duration, percent, speed } from './format.js';
import { onLanguageChange, say } from './language.js';
import { announce, notice } from './notices.js';
import { Row } from './row.js';
import { renew } from './session.js';

const FINISHED = new Set(['done', 'cancelled']);
const PAUSABLE = new Set(['queued', 'hashing', 'starting', 'uploading', 'offline']);

/** Concern the page rather than one file, and are told once. */
const PAGE_WARNINGS = new Set(['storage-unavailable', 'storage-full', 'worker-unavailable']);

/** The summary is drawn at most this often, in milliseconds. */
const SUMMARY_EVERY = 150;

/** The list of uploads and the line that sums it up. */
export class Uploads {
  #uploader;
  #onState;
  #sentBefore;
  #rows = new Set();
  #resting = false;
  #stale = false;

  /**
   * `onState()` is called whenever an upload changes its state; `sentBefore(key)` tells how many bytes of an object an earlier page
   * had sent.
   */
  constructor(uploader, onState, sentBefore) {
    this.#uploader = uploader;
    this.#sentBefore = sentBefore;
    this.#onState = onState;
    byId('pause-all').addEventListener('click', () => this.#each(PAUSABLE, (upload) => upload.pause()));
    byId('resume-all').addEventListener('click', () =>
      this.#each(new Set(['paused']), (upload) => upload.resume()),
    );
    byId('clear').addEventListener('click', () => this.#clearFinished());
    onLanguageChange(() => {
      this.#rows.forEach((row) => row.paint());
      this.#paintSummary();
    });
  }

  /** Takes files, each `{ file, key? }`. */
  add(files) {
    for (const { file, key } of files) this.#start(file, key ?? file.name);
    this.#changed();
  }

  /** The keys being uploaded by this page. */
  get activeKeys() {
    const active = [...this.#rows].filter(({ state }) => !FINISHED.has(state));
    return new Set(active.map(({ upload }) => upload.key).filter(Boolean));
  }

  #start(file, name, instead) {
    try {
      this.#show(this.#uploader.add(file, { key: name }), name, instead);
    } catch (error) {
      notice(() => say.notAdded(name, say.errors[error.code] ?? error.message));
    }
  }

  #show(upload, name, instead) {
    const row = new Row(upload, name, {
      onState: (changed) => {
        changed.continuedAt ??= this.#sentBefore(changed.upload.key);
        announce(changed.state, changed.name);
        this.#changed();
      },
      onProgress: () => this.#summarize(),
      onWarning: ({ code, message }) => {
        const general = PAGE_WARNINGS.has(code);
        if (general) notice(() => say.warnings[code] ?? message, code);
        return general;
      },
      onAction: (acted, action) => this.#act(acted, action),
    });
    this.#rows.add(row);
    if (instead) instead.element.before(row.element);
    else byId('rows').append(row.element);
  }

  async #act(row, action) {
    const { upload } = row;
    if (action === 'pause') upload.pause();
    if (action === 'resume') upload.resume();
    if (action === 'remove') this.#remove(row);
    if (action === 'retry' && row.state === 'cancelled') {
      this.#start(upload.file, row.name, row);
      this.#remove(row);
    } else if (action === 'retry') {
      // The demo server forgets its tokens when it is started again.
      if (upload.error?.code === 'denied') await renew().catch(() => {});
      upload.resume();
    }
    if (action === 'cancel') {
      const failed = row.state === 'failed';
      await upload.cancel();
      if (failed && row.state === 'failed') this.#remove(row);
    }
    this.#changed();
  }

  #each(states, act) {
    for (const row of this.#rows) if (states.has(row.state)) act(row.upload);
  }

  #clearFinished() {
    for (const row of [...this.#rows]) if (FINISHED.has(row.state)) this.#remove(row);
  }

  #remove(row) {
    this.#rows.delete(row);
    const focusKept = row.remove();
    this.#changed();
    if (!focusKept) byId('choose').focus({ preventScroll: true });
  }

  #changed() {
    const section = byId('uploads');
    const empty = this.#rows.size === 0;
    if (empty && section.contains(document.activeElement)) byId('choose').focus({ preventScroll: true });
    section.hidden = empty;
    document.documentElement.toggleAttribute('data-busy', !empty);
    this.#summarize();
    this.#onState();
  }

  /** Draws the summary now, or once it has rested. */
  #summarize() {
    this.#stale = true;
    if (this.#resting) return;
    this.#stale = false;
    this.#resting = true;
    this.#paintSummary();
    setTimeout(() => {
      this.#resting = false;
      if (this.#stale) this.#summarize();
    }, SUMMARY_EVERY);
  }

  #paintSummary() {
    const states = [...this.#rows].map(({ state }) => state);
    const having = (...wanted) => states.filter((state) => wanted.includes(state)).length;
    const sums = { loaded: 0, total: 0, rate: 0, moving: 0 };
    for (const { state, upload } of this.#rows) {
      if (state === 'cancelled') continue;
      const { loaded, total, bytesPerSecond } = upload.progress;
      sums.loaded += loaded;
      sums.total += total;
      if (state === 'uploading' || state === 'queued') sums.moving += total - loaded;
      if (state === 'uploading') sums.rate += bytesPerSecond;
    }
    const { loaded, total, rate, moving } = sums;
    const done = having('done');
    const wanted = states.length - having('cancelled');
    const full = total > 0 ? (100 * loaded) / total : done === wanted ? 100 : 0;

    put(byId('summary-percent'), percent(full));
    const files = [say.files(count(done), count(wanted))];
    if (having('failed') > 0) files.push(say.failedFiles(count(having('failed'))));
    putPhrases(byId('summary-files'), files);
    const flow = [say.sent(bytes(loaded, total), bytes(total))];
    if (rate > 0) flow.push(speed(rate), say.left(duration(moving / rate)));
    putPhrases(byId('summary-bytes'), wanted > 0 ? flow : []);
    const bar = byId('summary-bar');
    bar.setAttribute('aria-label', say.overall);
    fill(bar, full);

    const pausable = states.filter((state) => PAUSABLE.has(state)).length;
    enable('pause-all', pausable > 1);
    enable('resume-all', having('paused') > 1);
    enable(
      'clear',
      states.some((state) => FINISHED.has(state)),
    );
    document.title = states.length > done + having('cancelled') ? `${percent(full)} · partwise` : 'partwise';
  }
}

/** Shows or hides a button of the summary; where it had the keyboard, the list takes it. */
function enable(id, useful) {
  const button = byId(id);
  const hadFocus = button === document.activeElement;
  button.hidden = !useful;
  if (hadFocus && !useful) byId('uploads-title').focus({ preventScroll: true });
}
