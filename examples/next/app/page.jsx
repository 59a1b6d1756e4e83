import { Uploads } from './uploads.jsx';

/** Rendered anew for each visitor; the list in it is empty until the browser takes over. */
export const dynamic = 'force-dynamic';

export default function Page() {
  return (
    <>
      <header>
        <h1>partwise with Next</h1>
      </header>
      <main>
        <p className="quiet">Rendered on the server at {new Date().toISOString().slice(11, 19)} UTC.</p>
        <Uploads />
      </main>
    </>
  );
}
