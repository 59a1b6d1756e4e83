import { formatBytes } from 'partwise/format';

/** What an earlier page left unfinished. */
export function Pending({ pending, onDiscard }) {
  return (
    <section className="card">
      <h2>Unfinished</h2>
      <p className="quiet">Choose the same file again, and only what is missing is sent.</p>
      <ul>
        {pending.map((each) => (
          <li key={each.id} className="row">
            <p className="name">{each.name}</p>
            <div className="actions">
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
