/**
 * `npm start [-- server options]`: installs, builds and serves the demo page, with an object store inside.
 *
 * Options go to the server, `npm start -- --help` lists them.
 */
import { build } from './build.mjs';
import { run, script } from './lib/run.mjs';

// npm passes signals on, but when it is killed, nobody does.
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGTERM'), 1_000).unref();

await script(async () => {
  await build();
  const options = process.argv.slice(2);
  await run('cargo', ['run', '--release', '-p', 'partwise-demo-server', '--', ...options]);
});
