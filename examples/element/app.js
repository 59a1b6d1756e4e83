/** A form with the element in it, against the signing server of `npm start`. */
import '/partwise/element.js';
import { createUploader } from '/partwise/external.js';
import { german } from './german.js';

const element = document.querySelector('partwise-uploader');
const form = document.querySelector('form');
const language = new URLSearchParams(location.search).get('lang') ?? navigator.language;

document.documentElement.lang = language;
if (language === 'de') element.words = german;

// The policy of this page allows no worker from a `blob:`.
element.createUploader = createUploader;
element.options = { headers: async () => ({ Authorization: `Bearer ${await token()}` }) };
element.addEventListener('partwise-complete', ({ detail }) => console.log('arrived', detail.results));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  document.querySelector('output').value = new FormData(form).getAll('keys').join('\n');
});

/** A real page would use its own sign-in. */
async function token() {
  const reply = await fetch('/session', { cache: 'no-store' });
  if (!reply.ok) throw Object.assign(new Error(`GET /session: ${reply.status}`), { status: reply.status });
  return (await reply.json()).token;
}
