/** Two pages of an app: one shows the uploads, and starts some; the other knows nothing of them. */
import { createElement as h, useState } from 'react';
import { useUpload, useUploader } from 'partwise/react';

/** Everything is made anew each time. @param {string} user */
const optionsFor = (user) => ({
  endpoint: new URL('/s3', globalThis.location?.href ?? 'http://localhost/'),
  headers: async () => ({ Authorization: user }),
  createUploader: async (/** @type {import('partwise').UploaderOptions} */ options) => {
    globalThis.made = (globalThis.made ?? 0) + 1;
    return (await import('partwise')).createUploader(options);
  },
});

export function App() {
  const [isElsewhere, setElsewhere] = useState(false);
  const [user, setUser] = useState('ann');
  return h(
    'main',
    null,
    h('button', { id: 'navigate', onClick: () => setElsewhere(!isElsewhere) }, 'navigate'),
    h('button', { id: 'switch', onClick: () => setUser('bob') }, user),
    isElsewhere ? h('p', { id: 'elsewhere' }, 'elsewhere') : h(Uploads, { user }),
  );
}

/** @param {{ user: string }} props */
function Uploads({ user }) {
  const { add, uploads, ready, error, retry } = useUploader(optionsFor(user));
  return h(
    'section',
    { 'data-ready': ready },
    h('input', { type: 'file', multiple: true, onChange: ({ target }) => void add(target.files) }),
    error && h('button', { id: 'retry', onClick: retry }, error.message),
    h(Percent, { user }),
    h('ul', null, ...uploads.map((upload) => h(Row, { upload, key: upload.id }))),
  );
}

/** Asks with options of its own. @param {{ user: string }} props */
function Percent({ user }) {
  const { totals } = useUploader(optionsFor(user));
  return h('p', { id: 'percent' }, `${totals.percent} %`);
}

/** @param {{ upload: import('partwise/react').UploadSnapshot }} props */
function Row({ upload }) {
  const { file, state, progress, result, error, pause, resume } = useUpload(upload);
  return h(
    'li',
    { 'data-state': state, 'data-key': result?.key },
    `${file.name} ${progress.percent} ${error?.code ?? ''}`,
    h('button', { onClick: state === 'paused' ? resume : pause }, state === 'paused' ? 'resume' : 'pause'),
  );
}
