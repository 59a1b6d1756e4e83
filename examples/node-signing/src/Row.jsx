import { formatBytes, formatProgress } from 'partwise/format';
import { useUpload } from 'partwise/react';

/** One upload: what this page has sent of it, and what the store says that it has. */
export function Row({ upload, confirmed }) {
  const { file, state, progress, error, result, retrying, pause, resume, retry, cancel, remove } =
    useUpload(upload);
  const isOver = ['done', 'failed', 'cancelled'].includes(state);
  const size = formatBytes(file.size, 'en');
  return (
    <li className="row" data-state={state}>
      <p className="name" title={file.name}>
        {file.name}
      </p>
      <div className="actions">
        {state === 'paused' && <button onClick={resume}>Resume</button>}
        {!isOver && state !== 'paused' && state !== 'completing' && <button onClick={pause}>Pause</button>}
        {(state === 'failed' || state === 'cancelled') && <button onClick={retry}>Try again</button>}
        {isOver ? <button onClick={remove}>Remove</button> : <button onClick={cancel}>Cancel</button>}
      </div>
      <Bar className="line" value={progress.loaded} max={file.size}>
        {state !== 'uploading' && <span className="state">{state} </span>}
        <span className="quiet">{isOver ? size : formatProgress(progress, 'en')}</span>
      </Bar>
      <Bar className="line confirmed" value={confirmed} max={file.size}>
        Confirmed by the store:{' '}
        <span className="quiet">
          {formatBytes(confirmed, 'en')} of {size}
        </span>
      </Bar>
      {retrying && <p className="note">{retrying.message} It is tried again.</p>}
      {error && (
        <p className="note bad">
          {error.message} {error.hint}
        </p>
      )}
      {result && (
        <p className="quiet note">
          Stored as <code>{result.key}</code>
        </p>
      )}
    </li>
  );
}

function Bar({ className, value, max, children }) {
  return (
    <label className={className}>
      {children}
      <progress max={max} value={value} />
    </label>
  );
}
