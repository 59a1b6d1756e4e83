/** Where files are dropped or chosen. */
import { button, h, icon, label, put, putPhrases, set } from './dom.js';
import { types } from './limits.js';
import { hasPicker, pick } from './picker.js';

/** @typedef {import('./speech.js').Speech} Speech */

/**
 * What decides how it looks.
 *
 * @typedef {object} ZoneLook
 * @property {import('./limits.js').Limits} limits
 * @property {boolean} folders whether folders can be chosen
 * @property {boolean} wholePage whether files may be dropped anywhere
 * @property {boolean} plainPicker whether files are always chosen by `<input type=file>`
 */

export class Zone {
  #lead = h('span');
  #about = h('span');
  #limits = h('p', { class: 'limits', part: 'limits' });
  #choose = button({ kind: 'primary', part: 'choose' }, () => this.open());
  #chooseFolder = button({ part: 'choose-folder' }, () => this.#folder.click());
  #input = h('input', { type: 'file', class: 'unseen', tabindex: -1, 'aria-hidden': 'true' });
  #folder = h('input', { type: 'file', class: 'unseen', tabindex: -1, 'aria-hidden': 'true' });
  #busy = h('p', { class: 'busy', role: 'status' });
  #onFiles;
  #plainPicker = false;
  #isPicking = false;
  #veilText = h('p');
  /** Covers the page or the zone while files hang over it. */
  veil = h('div', { class: 'veil', part: 'veil', 'aria-hidden': 'true' }, this.#veilText);
  element = h(
    'div',
    { class: 'zone', part: 'zone' },
    h('span', { class: 'zone-icon', part: 'icon', 'aria-hidden': 'true' }, slot('icon', icon('upload'))),
    h(
      'div',
      { class: 'zone-text' },
      h('p', { class: 'lead', part: 'lead' }, slot('lead', this.#lead)),
      h('p', { class: 'about', part: 'about' }, slot('about', this.#about)),
      this.#limits,
    ),
    h('div', { class: 'choices' }, this.#choose, this.#chooseFolder),
    this.#busy,
    this.#input,
    this.#folder,
  );

  /** @param {(files: readonly (File | import('./limits.js').Entry)[], unreadable: readonly string[]) => void} onFiles */
  constructor(onFiles) {
    this.#onFiles = onFiles;
    this.#folder.webkitdirectory = true;
    this.#busy.hidden = true;
    // The word of the button may be the page's.
    this.#choose.querySelector('span')?.replaceWith(slot('choose', h('span')));
    for (const input of [this.#input, this.#folder])
      input.addEventListener('change', () => {
        const files = [...(input.files ?? [])];
        // The same file can be chosen again only after the field was emptied.
        input.value = '';
        onFiles(files, []);
      });
    // For the mouse the whole zone is a button; the keyboard has a real one.
    this.element.addEventListener('click', (event) => {
      const at = /** @type {Element} */ (event.target);
      if (at.closest('button, input, a, label, [slot]') || String(getSelection())) return;
      this.open();
    });
  }

  /** Where the keyboard goes when there is nothing else. */
  get home() {
    return this.#choose;
  }

  async open() {
    if (this.#choose.matches(':disabled') || this.#isPicking) return;
    this.#isPicking = true;
    const chosen = this.#plainPicker || !hasPicker() ? undefined : await pick(this.#input);
    this.#isPicking = false;
    if (chosen) this.#onFiles(chosen.entries, chosen.unreadable);
    else this.#input.click();
  }

  /** @param {boolean} dragging */
  drag(dragging) {
    set(this.veil, 'data-dragging', dragging);
    set(this.element, 'data-dragging', dragging);
  }

  /** Says that files wait for the library. @param {string} [text] */
  wait(text = '') {
    put(this.#busy, text);
    this.#busy.hidden = !text;
  }

  /**
   * @param {Speech} speech
   * @param {ZoneLook} look
   */
  paint(speech, { limits, folders, wholePage, plainPicker }) {
    this.#plainPicker = plainPicker;
    put(this.#lead, speech.say(wholePage ? 'dropAnywhere' : 'drop'));
    put(this.#about, speech.say('about'));
    put(this.#veilText, speech.say('dropNow'));
    set(this.veil, 'data-page', wholePage);
    const one = limits.maxFiles === 1;
    label(this.#choose, speech.say(one ? 'chooseOne' : 'choose'));
    label(this.#chooseFolder, speech.say('chooseFolder'));
    this.#chooseFolder.hidden = !folders;
    this.#input.multiple = !one;
    this.#input.accept = limits.accept;
    const rules = rulesOf(speech, limits);
    putPhrases(this.#limits, rules);
    this.#limits.hidden = rules.length === 0;
  }
}

/**
 * What is taken, in words: `Images, PDF`, `up to 50 MB each`.
 *
 * @param {Speech} speech
 * @param {import('./limits.js').Limits} limits
 */
function rulesOf(speech, { accept, minSize, maxSize, maxFiles }) {
  const named = types(accept).map((type) => nameOf(speech, type));
  const rules = [
    named.length > 0 && speech.say('limit.accept', { types: [...new Set(named)].join(speech.say('comma')) }),
    maxSize !== undefined && speech.say('limit.max-size', { size: speech.limit(maxSize) }),
    minSize !== undefined && speech.say('limit.min-size', { size: speech.limit(minSize) }),
    maxFiles !== undefined &&
      maxFiles > 1 &&
      speech.say('limit.max-files', { count: speech.count(maxFiles) }),
  ].filter((rule) => rule !== false);
  const [first, ...others] = rules;
  return first === undefined
    ? []
    : [first.charAt(0).toLocaleUpperCase(speech.locale) + first.slice(1), ...others];
}

/**
 * `PDF` for `.pdf` and `application/pdf`, `images` for `image/*`.
 *
 * @param {Speech} speech
 * @param {string} type
 */
function nameOf(speech, type) {
  const [kind = '', sub = ''] = type.split('/');
  if (sub === '*') return speech.say(/** @type {import('../element.js').WordKey} */ (`type.${kind}`)) || kind;
  return (sub || kind).replace(/^\.|^x-|^vnd\./, '').toUpperCase();
}

/**
 * @param {string} name
 * @param {Node} usual what is shown when the page has nothing of its own
 */
function slot(name, usual) {
  return h('slot', { name }, usual);
}
