/** The field for files, and a row for each upload. */
import { formatBytes, formatProgress } from '/partwise/format.js';

/** @param {Promise<import('partwise').Uploader>} making */
export function showUploads(making) {
  const input = document.querySelector('input');
  const list = document.querySelector('ul');
  const show = (...rows) => {
    list.append(...rows);
    list.parentElement.hidden = false;
  };
  making.catch((error) => show(node('li', 'bad', `${error.message} ${error.hint ?? ''}`)));
  input.onchange = async () => {
    const files = [...input.files];
    // The same file can be chosen again only after the field was emptied.
    input.value = '';
    const uploader = await making;
    for (const file of files) show(rowOf(uploader.add(file)));
  };
}

function rowOf(upload) {
  const { file } = upload;
  const row = node('li', 'row');
  const bar = node('progress');
  bar.max = 100;
  bar.value = 0;
  bar.ariaLabel = file.name;
  const line = node('p', 'quiet line', 'Waiting');
  const notes = node('p', 'note');
  row.append(node('p', 'name', file.name), bar, line, notes);

  upload.on('state', ({ state }) => (row.dataset.state = state));
  upload.on('progress', (progress) => {
    bar.value = progress.percent;
    line.textContent = formatProgress(progress, 'en');
  });
  upload.on('warning', ({ message, hint }) => (notes.textContent = `${message} ${hint}`));
  upload.on('done', ({ key }) => {
    line.replaceChildren(node('span', 'state', 'Done'), ` ${formatBytes(file.size, 'en')}`);
    notes.append('Stored as ', node('code', '', key));
  });
  upload.on('error', ({ message, hint }) => {
    notes.className = 'note bad';
    notes.textContent = `${message} ${hint}`;
  });
  return row;
}

function node(name, className = '', text = '') {
  return Object.assign(document.createElement(name), { className, textContent: text });
}
