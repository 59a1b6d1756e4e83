import { useEffect, useState } from 'react';
import { whoAmI } from './api.js';
import { Files } from './Files.jsx';

/** Asked once: whoever is new would be two users by two answers. */
const asked = whoAmI();

/** Where files go depends on who sends them, so that is asked first. */
export function App() {
  const [{ user, error }, setAnswer] = useState({});
  useEffect(() => {
    asked.then(
      (user) => setAnswer({ user }),
      (error) => setAnswer({ error }),
    );
  }, []);
  return (
    <>
      <header>
        <strong>partwise</strong>
        {user && (
          <span className="quiet folder">
            Your folder: <code>{user}</code>
          </span>
        )}
      </header>
      <main>
        {error && (
          <section className="card trouble" role="alert">
            <p>{error.message}</p>
            <button onClick={() => location.reload()}>Try again</button>
          </section>
        )}
        {user && <Files user={user} />}
      </main>
    </>
  );
}
