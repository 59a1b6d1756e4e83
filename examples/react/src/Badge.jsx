import { useFiles } from './uploader.js';

/** How far everything is, on every page. */
export function Badge() {
  const { active, failed, done, percent } = useFiles().totals;
  if (active > 0) return <span className="badge">{Math.floor(percent)} %</span>;
  if (failed > 0) return <span className="badge failed">{failed} failed</span>;
  return done > 0 && <span className="badge">{done} done</span>;
}
