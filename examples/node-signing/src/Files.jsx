import { useUploader } from 'partwise/react';
import { signRequest } from './api.js';
import { useConfirmed } from './confirmed.js';
import { Row } from './Row.jsx';

export function Files({ user }) {
  const { add, uploads, pending, discard, error, retry } = useUploader({
    signRequest,
    // The server signs for this folder only. The same file has the same key, so that it goes on after a reload.
    key: (file) => `${user}/${file.lastModified}-${file.size}/${file.name}`,
    destination: `node-signing/${user}`,
    guardUnload: true,
  });
  const confirmed = useConfirmed(uploads);
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
        <span className="quiet">Of any size: an upload that is interrupted goes on.</span>
      </label>
      {error && (
        <section className="card trouble" role="alert">
          <p>{error.message}</p>
          <button onClick={retry}>Try again</button>
        </section>
      )}
      {pending.map((each) => (
        <section key={each.id} className="card unfinished">
          <p>{each.name} is unfinished. Choose it again, and only what is missing is sent.</p>
          <button onClick={() => discard(each)}>Discard</button>
        </section>
      ))}
      {uploads.length > 0 && (
        <section className="card">
          <ul>
            {uploads.map((upload) => (
              <Row key={upload.id} upload={upload} confirmed={confirmed[upload.key] ?? 0} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
