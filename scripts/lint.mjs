/** `npm run lint`: formatting, clippy for both targets, and the types of the hand-written JavaScript and TypeScript. */
import { output, run, script } from './lib/run.mjs';
import { setup } from './setup.mjs';

/** @type {readonly (readonly [string, ...string[]])[]} */
const checks = [
  ['cargo', 'fmt', '--all', '--check'],
  ['cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'],
  [
    'cargo',
    'clippy',
    '-p',
    'partwise',
    '--target',
    'wasm32-unknown-unknown',
    '--lib',
    '--test',
    'web',
    '--',
    '-D',
    'warnings',
  ],
  ['node_modules/.bin/prettier', '--check', '.'],
  ['node_modules/.bin/tsc', '--noEmit'],
];

await script(async () => {
  await setup();
  for (const component of ['clippy', 'rustfmt'])
    if (!(await output(component === 'clippy' ? 'cargo-clippy' : 'rustfmt', ['--version'])))
      await run('rustup', ['component', 'add', component]);
  for (const [program, ...args] of checks) {
    process.stdout.write(`==> ${[program, ...args].join(' ')}\n`);
    await run(program, args);
  }
});
