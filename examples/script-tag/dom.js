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

/** Shows and says how full a bar is. */
export function fill(bar, percent) {
  bar.querySelector('.bar-sent').style.setProperty('--full', percent / 100);
  bar.setAttribute('aria-valuenow', Math.floor(percent));
}
