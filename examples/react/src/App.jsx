import { useState } from 'react';
import { About } from './About.jsx';
import { Badge } from './Badge.jsx';
import { Files } from './Files.jsx';

/** Two pages. Uploads go on while the other one is shown. */
export function App() {
  const [page, setPage] = useState('files');
  const link = (name, text) => (
    <button aria-current={page === name ? 'page' : undefined} onClick={() => setPage(name)}>
      {text}
    </button>
  );
  return (
    <>
      <header>
        <strong>partwise</strong>
        <nav>
          {link('files', 'Files')}
          {link('about', 'About')}
        </nav>
        <Badge />
      </header>
      <main>{page === 'files' ? <Files /> : <About />}</main>
    </>
  );
}
