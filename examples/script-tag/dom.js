import { translate } from './language.js';

export const byId = (id) => document.getElementById(id);

/** The first element of a template, in the current language. */
export function fromTemplate(id) {
  const element = byId(id).content.firstElementChild.cloneNode(true);
  translate(element);
  return element;
}

/** Sets text only where it differs, so that a selection survives repainting. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets text, and hides the element where there is none. */
export function putOrHide(element, text) {
  put(element, text ?? '');
  element.hidden = !text;
}

/** Puts phrases in a line, `·` between them. Lines break between phrases, not inside. */
export function putPhrases(element, phrases) {
  const said = phrases.filter(Boolean);
  if (element.textContent === said.join(' · ')) return;
  const spans = said.map((phrase, index) => {
    const span = document.createElement('span');
    span.className = 'phrase';
    span.textContent = index + 1 < said.length ? `${phrase} ·` : phrase;
    return span;
  });
  element.replaceChildren(...spans.flatMap((span, index) => (index > 0 ? [' ', span] : [span])));
}

/** Shows and says how full a bar is. */
export function fill(bar, percent) {
  bar.querySelector('.bar-sent').style.setProperty('--full', percent / 100);
  bar.setAttribute('aria-valuenow', Math.floor(percent));
}
