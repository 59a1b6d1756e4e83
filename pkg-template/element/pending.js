/** The uploads that earlier pages left unfinished. */
import { bar, button, fillBar, h, hasFocus, label, put, putPhrases } from './dom.js';
import { elide } from './elide.js';

/**
 * @typedef {import('./speech.js').Speech} Speech
 * @typedef {import('partwise').PendingUpload} PendingUpload
 */

/**
 * @typedef {object} PendingListener
 * @property {() => import('partwise').Uploader | undefined} uploader
 * @property {() => ReadonlySet<string>} activeKeys what this page is uploading by now
 * @property {(file: File) => void} onFile was chosen to go on
 * @property {(pending: PendingUpload) => boolean} wants whether it may go on; it is told if not
 * @property {(upload: import('partwise').Upload) => void} onUpload goes on by itself
 * @property {(text: (speech: Speech) => string, error?: unknown) => void} onNotice
 * @property {() => void} onFocusLost the keyboard has nothing left to be on
 */

/**
 * @typedef {object} Item
 * @property {HTMLElement} element
 * @property {PendingUpload} pending
 * @property {() => void} paint
 */

/** Milliseconds. */
const LOOK_AGAIN = 3000;

export class Pending {
  #speech;
  #listener;
  /** @type {Map<string, Item>} */
  #items = new Map();
  /** @type {Map<string, number>} */
  #sent = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #soon;
  #again = false;
  #looking = false;
  /** Whether all of them go on, one after the other, at the moment. */
  #resuming = false;
  #title = h('h2', { class: 'title', part: 'title' });
  #about = h('p', { class: 'title-about' });
  #all = button({ kind: 'small all', sign: 'resume' }, () => this.#resumeAll());
  #list = h('ul', { class: 'list', part: 'list', role: 'list' });
  element = h(
    'section',
    { class: 'pending', part: 'pending' },
    ...[this.#title, this.#about, this.#all, this.#list],
  );

  /**
   * @param {() => Speech} speech
   * @param {PendingListener} listener
   */
  constructor(speech, listener) {
    this.#speech = speech;
    this.#listener = listener;
    this.element.hidden = true;
  }

  /** Bytes of this object an earlier page had sent, if any. @param {string | undefined} key */
  sentBefore(key) {
    return key === undefined ? undefined : this.#sent.get(key);
  }

  /** Looks again what is unfinished. Calls during a look lead to one more. */
  async refresh() {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#show((await this.#listener.uploader()?.pending()) ?? []);
      }
    } catch (error) {
      this.#listener.onNotice(
        (speech) => speech.say('pendingFailed', { problem: speech.problem(error) }),
        error,
      );
    } finally {
      this.#looking = false;
    }
  }

  paint() {
    const speech = this.#speech();
    put(this.#title, speech.say('pendingTitle'));
    const items = [...this.#items.values()];
    const mustChoose = items.some(({ pending }) => this.#mustChoose(pending) && !pending.active);
    putPhrases(this.#about, [speech.say(mustChoose ? 'pendingAbout' : 'pendingReady')]);
    label(this.#all, speech.say('continueAll'));
    const hadFocus = hasFocus(this.#all);
    this.#all.hidden = this.#ready.length < 2;
    if (hadFocus && this.#all.hidden) this.#focusOn(this.#list.firstElementChild);
    for (const item of items) item.paint();
  }

  /** @param {readonly PendingUpload[]} found */
  #show(found) {
    const active = this.#listener.activeKeys();
    const idle = found.filter(({ key }) => !active.has(key));
    for (const { key, loaded } of idle) this.#sent.set(key, loaded);
    const wanted = new Map(idle.map((each) => [each.id, each]));
    for (const [id, { element }] of this.#items) if (!wanted.has(id)) this.#remove(id, element);
    for (const [id, pending] of wanted) {
      const item = this.#items.get(id) ?? this.#make(pending);
      item.pending = pending;
    }
    this.element.hidden = this.#items.size === 0;
    // Nobody tells when another tab is done, or gone.
    clearTimeout(this.#soon);
    if (found.some(({ active }) => active)) this.#soon = setTimeout(() => this.refresh(), LOOK_AGAIN);
    this.paint();
  }

  /** Whether the user has to choose the file again. @param {PendingUpload} pending */
  #mustChoose({ resume }) {
    return resume !== 'now' && resume !== 'ask';
  }

  /** Those that can go on without being chosen again. */
  get #ready() {
    const all = [...this.#items.values()].map(({ pending }) => pending);
    return all.filter((pending) => !this.#mustChoose(pending) && !pending.active);
  }

  /** @param {PendingUpload} pending */
  #make(pending) {
    const name = h('bdi');
    const text = h('p', { class: 'text', part: 'text' });
    const percent = h('p', { class: 'percent', part: 'percent', 'aria-hidden': 'true' });
    const progress = bar();
    const input = h('input', { type: 'file', class: 'unseen', tabindex: -1, 'aria-hidden': 'true' });
    const elsewhere = h('p', { class: 'note', part: 'note' });
    const choose = button({ kind: 'small', sign: 'resume' }, () => {
      if (this.#mustChoose(item.pending)) input.click();
      else this.#resume(item.pending);
    });
    const discard = button({ kind: 'small quiet' }, () => this.#discard(item.pending));
    const choices = h('div', { class: 'choices' }, choose, discard, input);
    const element = h(
      'li',
      { class: 'item', part: 'pending-item', 'data-id': pending.id },
      h('p', { class: 'name', part: 'name' }, name),
      text,
      h('div', { class: 'track' }, progress, percent),
      elsewhere,
      choices,
    );
    /** @type {Item} */
    const item = {
      element,
      pending,
      paint: () => {
        const speech = this.#speech();
        const { size, loaded, created, name: called, active } = item.pending;
        put(elsewhere, active ? speech.say('pendingElsewhere') : '');
        elsewhere.hidden = !active;
        choices.hidden = active;
        const full = size > 0 ? (100 * loaded) / size : 0;
        put(name, elide(called));
        const there = { loaded: speech.bytes(loaded), total: speech.bytes(size) };
        putPhrases(text, [speech.say('there', there), speech.say('begun', { when: speech.ago(created) })]);
        put(percent, speech.percent(full));
        fillBar(progress, { percent: full, label: called, text: speech.say('there', there) });
        const chosen = speech.say(this.#mustChoose(item.pending) ? 'chooseToContinue' : 'continue');
        const discarded = speech.say('discard');
        label(choose, chosen, speech.on(chosen, called));
        label(discard, discarded, speech.on(discarded, called));
      },
    };
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      // The same file can be chosen again only after the field was emptied.
      input.value = '';
      if (file) this.#goOn(item.pending, file);
    });
    this.#items.set(pending.id, item);
    this.#list.append(element);
    return item;
  }

  /**
   * @param {PendingUpload} pending
   * @param {File} file
   */
  #goOn({ name, size }, file) {
    const chosen = file.name;
    if (file.size !== size)
      this.#listener.onNotice((speech) => {
        const sizes = { size: speech.bytes(size), chosenSize: speech.bytes(file.size) };
        return speech.say('otherFile', { name, chosen, ...sizes });
      });
    else if (chosen !== name) this.#listener.onNotice((speech) => speech.say('otherName', { name, chosen }));
    this.#listener.onFile(file);
  }

  /** One after the other: what the user answers for one file may hold for all, and in one click the browser asks only once. */
  async #resumeAll() {
    if (this.#resuming) return;
    this.#resuming = true;
    let mayAsk = true;
    try {
      for (const { id } of this.#ready) {
        const pending = this.#ready.find((each) => each.id === id);
        if (!pending || (pending.resume === 'ask' && !mayAsk)) continue;
        if (await this.#resume(pending)) mayAsk = false;
      }
    } finally {
      this.#resuming = false;
    }
  }

  /**
   * Reads the file by itself, or once the user has allowed it.
   *
   * @param {PendingUpload} pending
   * @returns {Promise<boolean>} whether the user has yet to allow it
   */
  async #resume(pending) {
    if (!this.#listener.wants(pending)) return false;
    const { id, name } = pending;
    try {
      const upload = await this.#listener.uploader()?.resume(id);
      if (upload) this.#listener.onUpload(upload);
      await this.refresh();
      return false;
    } catch (error) {
      await this.refresh();
      // Whoever has only not answered the browser's question may do so yet.
      const { code } = /** @type {import('partwise').UploadError} */ (error);
      const isAsked = code === 'file-unreadable' && this.#items.get(id)?.pending.resume === 'ask';
      const word = isAsked ? 'continueAsk' : code === 'file-changed' ? 'continueChanged' : 'continueFailed';
      this.#listener.onNotice((speech) => speech.say(word, { name }), error);
      return isAsked;
    }
  }

  /** @param {PendingUpload} pending */
  async #discard({ id, name }) {
    try {
      await this.#listener.uploader()?.discard(id);
    } catch (error) {
      this.#listener.onNotice(
        (speech) => speech.say('discardFailed', { name, problem: speech.problem(error) }),
        error,
      );
    }
    await this.refresh();
  }

  /**
   * @param {string} id
   * @param {HTMLElement} element
   */
  #remove(id, element) {
    const hadFocus = hasFocus(element);
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    this.#items.delete(id);
    if (!hadFocus) return;
    this.#focusOn(next);
  }

  /** @param {Element | null} item the keyboard goes there, if there is one */
  #focusOn(item) {
    const button = item?.querySelector('button');
    if (button) button.focus({ preventScroll: true });
    else this.#listener.onFocusLost();
  }
}
