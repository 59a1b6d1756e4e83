/** Starts `examples/next` in a folder where Next is installed, with the package as npm would have installed it. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { distDir, root } from './lib/project.mjs';
import { run, script } from './lib/run.mjs';
import { installTools, workshop } from './lib/tools.mjs';

await script(async () => {
  await installTools();
  const app = join(workshop, 'next-example');
  // What Next has built of it before may stay.
  for (const name of ['app', 'node_modules', 'next.config.mjs'])
    rmSync(join(app, name), { recursive: true, force: true });
  cpSync(join(root, 'examples', 'next'), app, { recursive: true });
  cpSync(join(root, 'examples', 'shared'), join(workshop, 'shared'), { recursive: true });
  cpSync(distDir, join(app, 'node_modules', 'partwise'), { recursive: true });
  const next = join(workshop, 'node_modules', 'next', 'dist', 'bin', 'next');
  const env = { NEXT_TELEMETRY_DISABLED: '1', WORKSHOP: workshop };
  await run(process.execPath, [next, 'dev', '--port', process.env.PORT ?? '3000'], { cwd: app, env });
});
