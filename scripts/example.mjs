/**
 * `npm run example:NAME [-- server options]`: builds the package, and starts the demo server with its store and, in front of it,
 * what else that example has.
 */
import { build } from './build.mjs';
import { demoOptions, examples } from './lib/examples.mjs';
import { run, script } from './lib/run.mjs';

await script(async () => {
  const [name = '', ...options] = process.argv.slice(2);
  const commands = examples[name];
  if (!commands)
    throw new Error(`There is no example ${name}; there are: ${Object.keys(examples).join(' ')}`);
  await build();
  const server = ['run', '--release', '-p', 'partwise-demo-server', '--', ...demoOptions(name), ...options];
  // When one fails, the others are stopped.
  await Promise.all([run('cargo', server), ...commands.map(([program, ...args]) => run(program, args))]);
});
