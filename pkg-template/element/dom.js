/** Building and changing elements. Text only ever arrives as text, and styles never as attributes, which policies forbid. */

/** @typedef {string | number | boolean | undefined} Attribute */

/**
 * An element. `true` sets an empty attribute, `false` and `undefined` set none.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, Attribute>>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children);
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {Attribute} value
 */
export function set(element, name, value) {
  if (value === false || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value === true ? '' : value))
    element.setAttribute(name, value === true ? '' : String(value));
}

/** Sets text only where it differs, so that a selection survives repainting. @param {Element} element @param {string} text */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets text, and hides the element where there is none. @param {HTMLElement} element @param {string} [text] */
export function putOrHide(element, text = '') {
  put(element, text);
  element.hidden = !text;
}

/** Never alone at the beginning of a line. */
const DOT = '\u00a0·';

/**
 * Puts phrases in a line, `·` between them. Lines break between phrases, not inside, and each has its own direction.
 *
 * @param {Element} element
 * @param {readonly (string | false | undefined)[]} phrases
 */
export function putPhrases(element, phrases) {
  const said = phrases.filter((phrase) => typeof phrase === 'string' && phrase !== '');
  if (element.textContent === said.join(`${DOT} `)) return;
  const shown = said.flatMap((phrase, index) => {
    const dot = index + 1 < said.length ? [DOT] : [];
    const line = h('span', { class: 'phrase' }, h('bdi', {}, String(phrase)), ...dot);
    return index > 0 ? [' ', line] : [line];
  });
  element.replaceChildren(...shown);
}

/** As {@link putPhrases} for one sentence, which ends where its own language has it end. @param {HTMLElement} element @param {string} text */
export function sayOrHide(element, text) {
  putPhrases(element, [text]);
  element.hidden = !text;
}

/** A bar. @param {...string} extra classes of what lies below its filling */
export function bar(...extra) {
  return h(
    'div',
    { class: 'bar', part: 'bar', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100 },
    ...extra.map((name) => h('div', { class: name })),
    h('div', { class: 'fill', part: 'fill' }),
  );
}

/**
 * Shows and says how full a bar is.
 *
 * @param {HTMLElement} element
 * @param {{ percent: number, label: string, text: string }} what
 */
export function fillBar(element, { percent, label, text }) {
  full(/** @type {HTMLElement} */ (element.lastElementChild), percent);
  set(element, 'aria-label', label);
  set(element, 'aria-valuenow', Math.floor(percent));
  set(element, 'aria-valuetext', text);
}

/** @param {HTMLElement} element @param {number} percent */
export function full(element, percent) {
  element.style.setProperty('--full', `${percent}%`);
}

/** Whether the keyboard is on this element or in it. @param {Element} element */
export function hasFocus(element) {
  const root = /** @type {ShadowRoot} */ (element.getRootNode());
  return element.contains(root.activeElement);
}

const SVG = 'http://www.w3.org/2000/svg';

/** Drawn in a square of 20 by 20. */
const PATHS = {
  upload:
    'M10 12.5v-9M6.2 7.1 10 3.3l3.8 3.8M3.5 12.5v2.7a1.5 1.5 0 0 0 1.5 1.5h10a1.5 1.5 0 0 0 1.5-1.5v-2.7',
  file: 'M11.4 2.8H6A1.5 1.5 0 0 0 4.5 4.3v11.4A1.5 1.5 0 0 0 6 17.2h8a1.5 1.5 0 0 0 1.5-1.5V6.9zM11.2 3v4.1h4.1',
  pause: 'M7.2 5v10M12.8 5v10',
  resume: 'M7 4.6v10.8l8.6-5.4z',
  retry: 'M15.8 11.4a6 6 0 1 1-1.2-5.2l1.9 1.9M16.5 4v4.1h-4.1',
  cross: 'm5.5 5.5 9 9M14.5 5.5l-9 9',
  check: 'm4.6 10.6 3.6 3.6 7.2-8.2',
  alert: 'M10 5.6v5.2M10 14.2v.2',
  wait: 'M10 5.8V10l2.8 1.8M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z',
  offline:
    'M3.5 8.3A9.6 9.6 0 0 1 7 6.2M10.4 5.7a9.6 9.6 0 0 1 6.1 2.6M6.3 11.2a5.5 5.5 0 0 1 2.4-1.3M12.6 10.5l1.1.7M10 14.5v.2M4 3.5l12 13',
};

/** @typedef {keyof typeof PATHS} Icon */

/** @param {Icon} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'path'));
  redraw(svg, name);
  return svg;
}

/** @param {Element} svg one of {@link icon} @param {Icon} name */
export function redraw(svg, name) {
  set(/** @type {Element} */ (svg.firstElementChild), 'd', PATHS[name]);
}

/**
 * A button, with an icon, a word or both. Its word is set when it is painted.
 *
 * @param {{ kind?: string, part?: string, sign?: Icon }} look
 * @param {() => void} act
 */
export function button({ kind = '', part = '', sign }, act) {
  const element = h('button', {
    type: 'button',
    class: `button ${kind}`.trim(),
    part: `button ${part}`.trim(),
  });
  if (sign) element.append(icon(sign));
  element.append(h('span'));
  element.addEventListener('click', act);
  return element;
}

/**
 * @param {HTMLButtonElement} element one of {@link button}
 * @param {string} word
 * @param {string} [label] what it is called where the word alone does not tell
 */
export function label(element, word, label = word) {
  put(/** @type {Element} */ (element.querySelector('span')), word);
  set(element, 'aria-label', label === word ? undefined : label);
  set(element, 'title', element.classList.contains('bare') ? word : undefined);
}
