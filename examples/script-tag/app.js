import { byId, put } from './dom.js';
import { startDrop } from './drop.js';
import { onLanguageChange, say, startLanguage } from './language.js';
import { notice } from './notices.js';
import { Pending } from './pending.js';
import { session } from './session.js';
import { Uploads } from './uploads.js';

startLanguage(byId('lang-switch'));
start().catch(explain);

async function start() {
  if (!window.partwise) throw trouble('noLibrary');
  const { user } = await session().catch((cause) => {
    throw trouble('noSession', cause);
  });
  const uploader = await window.partwise
    .createUploader({
      endpoint: '/s3',
      headers: async () => ({ Authorization: `Bearer ${(await session()).token}` }),
      hash: 'md5',
      guardUnload: true,
    })
    .catch((cause) => {
      throw trouble('noUploader', cause);
    });

  const uploads = new Uploads(
    uploader,
    () => pending.refresh(),
    (key) => pending.sentBefore(key),
  );
  const pending = new Pending(
    uploader,
    () => uploads.activeKeys,
    (file) => uploads.add([{ file }]),
  );
  startDrop(
    (files) => uploads.add(files),
    (name) => notice(() => say.unreadable(name)),
  );
  const input = byId('file-input');
  byId('choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    uploads.add([...input.files].map((file) => ({ file })));
    // The same file can be chosen again only after the field was emptied.
    input.value = '';
  });

  const greet = () => put(byId('user'), say.signedInAs(user));
  greet();
  onLanguageChange(greet);
  await pending.refresh();
  byId('trouble').remove();
  byId('app').hidden = false;
}

/** Why the page could not start: a key of the words, and what was behind it. */
function trouble(reason, cause) {
  return Object.assign(new Error(cause?.message), { reason });
}

function explain(error) {
  const box = byId('trouble');
  const paint = () => {
    const [title, reason, detail] = ['h2', 'p', 'code'].map((tag) => document.createElement(tag));
    title.textContent = say.troubleTitle;
    reason.textContent = say[error.reason] ?? say.noUploader;
    detail.textContent = error.message;
    const reload = document.createElement('button');
    reload.className = 'button primary';
    reload.textContent = say.reload;
    reload.addEventListener('click', () => location.reload());
    box.replaceChildren(title, reason, ...(error.message ? [detail] : []), reload);
  };
  paint();
  onLanguageChange(paint);
  box.classList.remove('late');
  box.setAttribute('role', 'alert');
}
