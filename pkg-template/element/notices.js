/** What belongs to no single upload, until it is dismissed; and what is announced. */
import { button, h, label, put, putPhrases, set } from './dom.js';
import { makeError } from './error.js';

/**
 * @typedef {import('./speech.js').Speech} Speech
 * @typedef {import('partwise').UploadState} UploadState
 */

/**
 * @typedef {object} Notice
 * @property {(speech: Speech) => string} text a function, so that it follows a change of language
 * @property {(speech: Speech) => string[]} [lines] what it is about, one by one
 * @property {unknown} [error] for the developer, when it is opened
 * @property {{ word: import('../element.js').WordKey, act: () => void }} [action]
 * @property {() => void} [onDismiss] the user does not want it any more
 * @property {string} [name] one of the same name takes its place
 */

/** Lines of a notice that are shown; the others are counted. */
const LINES = 5;

export class Notices {
  #speech;
  #announce;
  #onFocusLost;
  /** @type {Map<string, { element: HTMLElement, paint: () => void }>} */
  #shown = new Map();
  #unnamed = 0;
  element = h('ul', { class: 'notices', role: 'list' });

  /**
   * @param {() => Speech} speech
   * @param {(lines: string[]) => void} announce
   * @param {() => void} onFocusLost the keyboard has nothing left to be on
   */
  constructor(speech, announce, onFocusLost) {
    this.#speech = speech;
    this.#announce = announce;
    this.#onFocusLost = onFocusLost;
  }

  /** @param {Notice} notice */
  show({ text, lines, error, action, onDismiss, name = `notice-${(this.#unnamed += 1)}` }) {
    this.#shown.get(name)?.element.remove();
    const title = h('p', { class: 'notice-text' });
    const list = h('ul', { class: 'notice-lines', role: 'list' });
    const details = makeError();
    const more = /** @type {HTMLElement} */ (details.box.querySelector('details'));
    const act = button({ kind: 'small' }, () => {
      this.dismiss(name);
      action?.act();
    });
    const away = button({ kind: 'bare', sign: 'cross' }, () => {
      this.dismiss(name);
      onDismiss?.();
      this.#onFocusLost();
    });
    act.hidden = !action;
    const body = h('div', { class: 'notice-body' }, title, list, ...(error ? [more] : []), act);
    const element = h('li', { class: 'notice', part: 'notice' }, body, away);
    const paint = () => {
      const speech = this.#speech();
      putPhrases(title, [text(speech)]);
      const all = lines?.(speech) ?? [];
      const shown = all.slice(0, LINES).map((line) => h('li', {}, h('bdi', {}, line)));
      const rest = all.length - shown.length;
      if (rest > 0) shown.push(h('li', {}, speech.say('refused.more', { count: speech.count(rest) })));
      list.replaceChildren(...shown);
      list.hidden = shown.length === 0;
      if (error) details.paint(speech, /** @type {object} */ (error));
      if (action) label(act, speech.say(action.word));
      label(away, speech.say('dismiss'));
    };
    paint();
    this.#shown.set(name, { element, paint });
    this.element.append(element);
    const speech = this.#speech();
    this.#announce([text(speech), ...(lines?.(speech) ?? []).slice(0, LINES)]);
  }

  /** @param {string} name */
  dismiss(name) {
    this.#shown.get(name)?.element.remove();
    this.#shown.delete(name);
  }

  clear() {
    for (const name of [...this.#shown.keys()]) this.dismiss(name);
  }

  paint() {
    for (const { paint } of this.#shown.values()) paint();
  }
}

/** Changes that are worth interrupting for; the others can be seen. */
const TOLD = new Set(
  /** @type {UploadState[]} */ (['uploading', 'paused', 'offline', 'done', 'failed', 'cancelled']),
);

/** How long changes are gathered before they are announced together, in milliseconds. */
const GATHER = 1000;

/** Tells screen readers. */
export class Announcer {
  #speech;
  /** @type {Map<UploadState, string[]>} */
  #waiting = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  element = h('p', { class: 'unseen', role: 'status' });

  /** @param {() => Speech} speech */
  constructor(speech) {
    this.#speech = speech;
    set(this.element, 'aria-live', 'polite');
  }

  /** Announces that an upload changed its state. Many at once are summed up. @param {UploadState} state @param {string} name */
  state(state, name) {
    if (!TOLD.has(state)) return;
    this.#waiting.set(state, [...(this.#waiting.get(state) ?? []), name]);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const speech = this.#speech();
      const lines = [...this.#waiting].flatMap(([told, names]) => {
        const said = speech.say(`state.${told}`);
        if (names.length > 3)
          return [speech.say('announceMany', { state: said, count: speech.count(names.length) })];
        return names.map((each) => speech.say('announce', { state: said, name: each }));
      });
      this.#waiting.clear();
      this.say(lines);
    }, GATHER);
  }

  /** @param {readonly string[]} lines */
  say(lines) {
    put(this.element, lines.join('\n'));
  }
}
