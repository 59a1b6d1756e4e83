import { Drop } from './Drop.jsx';
import { Pending } from './Pending.jsx';
import { Row } from './Row.jsx';
import { Summary } from './Summary.jsx';
import { useFiles } from './uploader.js';

export function Files() {
  const files = useFiles();
  const { uploads, pending, error } = files;
  return (
    <>
      <Drop onFiles={files.add} />
      {error && (
        <section className="card trouble" role="alert">
          <p>{error.message}</p>
          <button onClick={files.retry}>Try again</button>
        </section>
      )}
      {pending.length > 0 && <Pending pending={pending} onResume={files.resume} onDiscard={files.discard} />}
      {uploads.length > 0 && (
        <section className="card">
          <Summary {...files} />
          <ul>
            {uploads.map((upload) => (
              <Row key={upload.id} upload={upload} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
