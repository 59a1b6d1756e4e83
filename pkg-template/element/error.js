/** How an error is told. */
import { h, put, putOrHide, sayOrHide } from './dom.js';

/** @typedef {import('./speech.js').Speech} Speech */

/** What went wrong: a sentence for the user, and all that a developer wants to know when it is opened. */
export function makeError() {
  const title = h('p', { class: 'error-title' });
  const summary = h('summary');
  const code = h('code');
  const message = h('p', { lang: 'en', dir: 'ltr' });
  const hintTitle = h('strong');
  const hint = h('span', { lang: 'en' });
  const where = h('p', { class: 'where' });
  const advice = h('p', { dir: 'ltr' }, hintTitle, ' ', hint);
  const more = h('details', { class: 'more' }, summary, h('p', { dir: 'ltr' }, code), message, advice, where);
  const box = h('div', { class: 'error', part: 'error' }, title, more);
  box.hidden = true;
  return {
    box,
    /** @param {Speech} speech @param {Partial<import('partwise').UploadError>} [error] */
    paint(speech, error) {
      box.hidden = !error;
      if (!error) return;
      sayOrHide(title, speech.problem(error));
      put(summary, speech.say('details'));
      put(code, [error.code, error.operation].filter(Boolean).join(' · '));
      putOrHide(message, error.message);
      put(hintTitle, `${speech.say('hint')}:`);
      put(hint, error.hint ?? '');
      advice.hidden = !error.hint;
      const { partNumber, status, requestId } = error;
      const places = [
        partNumber && speech.say('part', { number: speech.count(partNumber) }),
        status && speech.say('status', { status: String(status) }),
        requestId && speech.say('request', { id: requestId }),
      ];
      putOrHide(where, places.filter(Boolean).join(' · '));
    },
  };
}
