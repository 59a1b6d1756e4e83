/**
 * `node scripts/test-web.mjs [-- FILTER]`: the tests in `tests/web`, in headless Chromium.
 *
 * They talk to an echo server of their own, which lives in this process and therefore never outlives it. Its address
 * is left in a file that the test page reads, since a wasm test can be given neither arguments nor environment.
 *
 * `WASM_BINDGEN_TEST_RUNNER` and `CHROMEDRIVER` name other programs than those in `.tools/bin` and `PATH`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEchoServer } from '../tests/web/echo-server.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'target', 'test-web');
const ownRunner = join(root, '.tools', 'bin', 'wasm-bindgen-test-runner');
const runner =
  process.env.WASM_BINDGEN_TEST_RUNNER ?? (existsSync(ownRunner) ? ownRunner : 'wasm-bindgen-test-runner');

const echo = await startEchoServer();
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'echo.json'), JSON.stringify(echo.origin));

const own = process.argv.slice(2).filter((argument) => argument !== '--');
const args = ['test', '-p', 'partwise', '--target', 'wasm32-unknown-unknown', '--test', 'web', '--', ...own];
const cargo = spawn('cargo', args, {
  cwd: root,
  stdio: 'inherit',
  // A process group of its own, so that stopping reaches the runner, the driver and the browser too.
  detached: true,
  env: {
    CHROMEDRIVER: '/usr/bin/chromedriver',
    // Seconds for all tests together; the default of 20 is too little for a loaded machine.
    WASM_BINDGEN_TEST_TIMEOUT: '300',
    ...process.env,
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: runner,
  },
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => cargo.pid && process.kill(-cargo.pid, signal));
const code = await new Promise((ended) => {
  cargo.once('error', (error) => {
    console.error(`cargo cannot be run: ${error.message}`);
    ended(1);
  });
  cargo.once('close', (status) => ended(status ?? 1));
});
echo.close();
process.exit(code);
