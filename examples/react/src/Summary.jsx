import { formatProgress } from 'partwise/format';

export function Summary({ totals, pauseAll, resumeAll, clear, uploads }) {
  const hasEnded = uploads.some(({ state }) => state === 'done' || state === 'cancelled');
  return (
    <div className="summary">
      <h2>
        {totals.done} of {totals.files} {totals.files === 1 ? 'file' : 'files'} done
        {totals.failed > 0 && `, ${totals.failed} failed`}
      </h2>
      <div className="actions">
        {totals.active > 1 && <button onClick={pauseAll}>Pause all</button>}
        {totals.paused > 1 && <button onClick={resumeAll}>Resume all</button>}
        {hasEnded && <button onClick={clear}>Clear finished</button>}
      </div>
      <p className="quiet line">{formatProgress(totals, 'en')}</p>
    </div>
  );
}
