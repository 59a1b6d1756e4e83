import { en, zh } from './words.js';

/** Only a choice made by hand is remembered. */
const REMEMBERED = 'demo-language';
const CHANGED = new EventTarget();

/** The words of the current language. */
export let say = chosen() ?? preferred();

/** The language the switch offers. */
const other = () => (say === zh ? en : zh);

/** Runs `repaint` after every change of language. */
export function onLanguageChange(repaint) {
  CHANGED.addEventListener('change', repaint);
}

/** Puts the words of the current language into everything under `root` that is marked for it. */
export function translate(root = document) {
  for (const element of root.querySelectorAll('[data-say]')) element.textContent = say[element.dataset.say];
  for (const element of root.querySelectorAll('[data-say-label]')) {
    element.setAttribute('aria-label', say[element.dataset.sayLabel]);
  }
}

export function startLanguage(button) {
  const show = () => {
    document.documentElement.lang = say.locale;
    button.textContent = other().name;
    button.lang = other().locale;
    translate();
  };
  button.addEventListener('click', () => {
    say = other();
    remember(say.locale);
    show();
    CHANGED.dispatchEvent(new Event('change'));
  });
  show();
}

function preferred() {
  const first = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? navigator.language;
  return /^zh\b/i.test(first) ? zh : en;
}

/** Reading `localStorage` itself throws where cookies are blocked. */
function chosen() {
  try {
    return [en, zh].find(({ locale }) => locale === localStorage.getItem(REMEMBERED));
  } catch {
    return undefined;
  }
}

function remember(locale) {
  try {
    localStorage.setItem(REMEMBERED, locale);
  } catch {
    // The switch still works; it is only forgotten with the page.
  }
}
