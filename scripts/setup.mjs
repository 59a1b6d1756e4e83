/**
 * `npm run setup [-- --tests]`: installs what the build (and the tests) need and is not there yet.
 *
 * Says what it does; does nothing, quickly, when nothing is missing. Uses only what Node brings along, because it runs
 * before `node_modules` exists.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, rustVersion, toolsDir, wasmBindgenVersion, which } from './lib/project.mjs';
import { output, run, script } from './lib/run.mjs';

const WASM_TARGET = 'wasm32-unknown-unknown';
const NODE_MAJOR = 20;

/** What the tests run against: `probe` is a program in `PATH`, or a file. */
const TEST_PACKAGES = [
  { name: 'chromium', probe: 'chromium' },
  { name: 'chromium-driver', probe: 'chromedriver' },
  { name: 'fonts-noto-cjk', probe: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc' },
  { name: 'ceph-mon', probe: 'ceph-mon' },
  { name: 'ceph-mgr', probe: 'ceph-mgr' },
  { name: 'ceph-osd', probe: 'ceph-osd' },
  { name: 'radosgw', probe: 'radosgw' },
  { name: 'ceph-common', probe: 'ceph' },
];

/**
 * Makes sure that the build, and with `tests` everything the tests use, can run.
 *
 * @param {{ tests?: boolean }} [options]
 */
export async function setup({ tests = false } = {}) {
  checkNode();
  await checkRust();
  await installWasmTarget();
  await installWasmBindgen();
  await installNodeModules();
  if (tests) await installTestPackages();
}

function checkNode() {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR)
    throw new Error(
      `Node ${NODE_MAJOR} or newer is needed; this is ${process.versions.node}. See https://nodejs.org`,
    );
}

async function checkRust() {
  const version = /^rustc (\d+)\.(\d+)/.exec((await output('rustc', ['--version'])) ?? '');
  if (!version) throw new Error('Rust is needed and `rustc` does not run. Install it from https://rustup.rs');
  const [major = 0, minor = 0] = rustVersion.split('.').map(Number);
  if (Number(version[1]) < major || (Number(version[1]) === major && Number(version[2]) < minor))
    throw new Error(
      `Rust ${rustVersion} or newer is needed; this is ${version[0]}. Run \`rustup update stable\``,
    );
}

async function installWasmTarget() {
  const sysroot = await output('rustc', ['--print', 'sysroot']);
  if (sysroot && existsSync(join(sysroot, 'lib', 'rustlib', WASM_TARGET))) return;
  if (!(await which('rustup')))
    throw new Error(`Rust's ${WASM_TARGET} target is missing, and rustup, which would install it, too`);
  announce(`Rust target ${WASM_TARGET}`);
  await run('rustup', ['target', 'add', WASM_TARGET]);
}

/** Its format changes with every release, so the tool's version must equal the crate's; hence a copy of our own. */
async function installWasmBindgen() {
  const tool = join(toolsDir, 'bin', 'wasm-bindgen');
  if ((await output(tool, ['--version'])) === `wasm-bindgen ${wasmBindgenVersion}`) return;
  announce(`wasm-bindgen ${wasmBindgenVersion} into .tools (about two minutes, once)`);
  // Without --locked: the dependency versions locked in this release are no longer available everywhere.
  await run('cargo', [
    'install',
    'wasm-bindgen-cli',
    '--version',
    wasmBindgenVersion,
    '--root',
    toolsDir,
    '--force',
  ]);
}

async function installNodeModules() {
  const stamp = join(root, 'node_modules', '.partwise-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  announce('node_modules');
  await run('npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

async function installTestPackages() {
  /** @type {string[]} */
  const missing = [];
  for (const { name, probe } of TEST_PACKAGES)
    if (!(probe.startsWith('/') ? existsSync(probe) : await which(probe))) missing.push(name);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (process.getuid?.() !== 0 || !(await which('apt-get')))
    throw new Error(
      `The tests need what Debian packages as: ${names}\nInstall it, or run this as root on Debian.`,
    );
  announce(names);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env });
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env });
}

/** @param {string} what */
function announce(what) {
  process.stdout.write(`==> installing ${what}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await script(() => setup({ tests: process.argv.includes('--tests') }));
