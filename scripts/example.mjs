/**
 * `npm run example:react` and `npm run example:vue [-- server options]`: builds the package, and starts the demo server with
 * its store and, in front of it, Vite with the example.
 */
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './lib/project.mjs';
import { run, script } from './lib/run.mjs';

await script(async () => {
  const [name = '', ...options] = process.argv.slice(2);
  await build();
  // Only now: setup may just have installed it.
  const { createServer } = await import('vite');
  const vite = await createServer({ root: join(root, 'examples', name) });
  try {
    await vite.listen();
    vite.printUrls();
    await run('cargo', ['run', '--release', '-p', 'partwise-demo-server', '--', ...options]);
  } finally {
    await vite.close();
  }
});
