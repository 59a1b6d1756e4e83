import { formatBytes } from 'partwise/format';

/** What an earlier page left unfinished. */
export function Pending({ pending, onResume, onDiscard }) {
  return (
    <section className="card">
      <h2>Unfinished</h2>
      <p className="quiet">
        Only what is missing is sent. Where there is no button, choose the same file again.
      </p>
      <ul>
        {pending.map((each) => (
          <li key={each.id} className="row">
            <p className="name">{each.name}</p>
            <div className="actions">
              {each.resume !== 'choose' && <button onClick={() => onResume(each)}>Continue</button>}
              <button onClick={() => onDiscard(each)}>Discard</button>
            </div>
            <progress max={each.size} value={each.loaded} aria-label={each.name} />
            <p className="quiet line">
              {formatBytes(each.loaded, 'en')} of {formatBytes(each.size, 'en')} are there
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
