'use client';
import { formatProgress } from 'partwise/format';
import { useUpload, useUploader } from 'partwise/react';

/** The demo server's sign-in; an app has its own. */
async function token() {
  const reply = await fetch('/session', { cache: 'no-store' });
  if (!reply.ok)
    throw Object.assign(new Error(`GET /session: HTTP ${reply.status}`), { status: reply.status });
  return (await reply.json()).token;
}

export function Uploads() {
  const { add, uploads, pending, resume, discard, error } = useUploader({
    endpoint: '/s3',
    headers: async () => ({ Authorization: `Bearer ${await token()}` }),
    keepCopy: 'opfs',
  });
  const choose = ({ target }) => {
    add(target.files);
    // The same file can be chosen again only after the field was emptied.
    target.value = '';
  };
  return (
    <>
      <label className="drop">
        <input type="file" multiple onChange={choose} />
        <span className="button primary">Choose files</span>
      </label>
      {error && <p role="alert">{error.message}</p>}
      {(pending.length > 0 || uploads.length > 0) && (
        <section className="card">
          <h2>Files</h2>
          <ul>
            {pending.map((each) => (
              <li key={each.id} className="row">
                <p className="name">{each.name}</p>
                <div className="actions">
                  {each.resume !== 'choose' && <button onClick={() => resume(each)}>Continue</button>}
                  <button onClick={() => discard(each)}>Discard</button>
                </div>
                <progress max={each.size} value={each.loaded} aria-label={each.name} />
              </li>
            ))}
            {uploads.map((upload) => (
              <Row key={upload.id} upload={upload} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Row({ upload }) {
  const { file, state, progress, error, pause, resume, cancel, remove } = useUpload(upload);
  const isOver = ['done', 'failed', 'cancelled'].includes(state);
  return (
    <li className="row" data-state={state}>
      <p className="name">{file.name}</p>
      <div className="actions">
        {state === 'uploading' && <button onClick={pause}>Pause</button>}
        {state === 'paused' && <button onClick={resume}>Resume</button>}
        <button onClick={isOver ? remove : cancel}>{isOver ? 'Remove' : 'Cancel'}</button>
      </div>
      <progress max="100" value={progress.percent} aria-label={file.name} />
      <p className="quiet line">
        {error ? `${error.message} ${error.hint}` : formatProgress(progress, 'en')}
      </p>
    </li>
  );
}
