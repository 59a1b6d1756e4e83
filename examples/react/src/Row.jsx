import { formatBytes, formatProgress } from 'partwise/format';
import { useUpload } from 'partwise/react';
import { memo } from 'react';
import { WORDS } from './words.js';

/** One upload. It is drawn again when it changes, not when others do. */
export const Row = memo(function Row({ upload }) {
  const { file, state, progress, error, result, retrying, pause, resume, retry, cancel, remove } =
    useUpload(upload);
  const isOver = ['done', 'failed', 'cancelled'].includes(state);
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
      <progress max="100" value={progress.percent} aria-label={file.name} />
      <p className="line">
        {state !== 'uploading' && <span className="state">{WORDS[state]} </span>}
        <span className="quiet">
          {isOver ? formatBytes(file.size, 'en') : formatProgress(progress, 'en')}
        </span>
      </p>
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
});
