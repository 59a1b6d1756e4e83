import { session } from './session.js';
import { words } from './words.js';

/** Only a choice made by hand is remembered. */
const REMEMBERED = 'demo-language';

const element = document.querySelector('partwise-uploader');
const user = document.querySelector('#user');
const language = document.querySelector('#language');
let name;

element.options = { headers: async () => ({ Authorization: `Bearer ${(await session()).token}` }) };

language.value = remembered() ?? preferred();
language.addEventListener('change', () => {
  remember(language.value);
  paint();
});
paint();

// Without a session nothing can be uploaded, which the element tells as soon as something is.
name = await session().then(
  (known) => known.user,
  () => undefined,
);
paint();

function paint() {
  const say = words[language.value];
  // The element takes its language from here, too.
  document.documentElement.lang = language.value;
  for (const each of document.querySelectorAll('[data-say]')) each.textContent = say[each.dataset.say];
  user.textContent = name ? say.signedInAs(name) : '';
}

function preferred() {
  const tag = navigator.languages.find((each) => /^(en|zh)\b/i.test(each)) ?? 'en';
  if (/^en/i.test(tag)) return 'en';
  return /hant|-(tw|hk|mo)\b/i.test(tag) ? 'zh-TW' : 'zh-CN';
}

/** Reading `localStorage` itself throws where cookies are blocked. */
function remembered() {
  try {
    const value = localStorage.getItem(REMEMBERED);
    return value in words ? value : undefined;
  } catch {
    return undefined;
  }
}

function remember(value) {
  try {
    localStorage.setItem(REMEMBERED, value);
  } catch {
    // The choice still counts; it is only forgotten with the page.
  }
}
