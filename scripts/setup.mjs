/**
 * `npm run setup [-- --tests | --everything]`: installs what the build (and the tests, and those in all browsers against
 * all stores) need and is not there yet.
 *
 * Says what it does; does nothing, quickly, when nothing is missing. Uses only what Node brings along, because it runs
 * before `node_modules` exists.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WASM_TARGET, root, rustVersion, toolsDir, wasmBindgenVersion, which } from './lib/project.mjs';
import { output, run, script } from './lib/run.mjs';
import { installStdSource } from './lib/std.mjs';
import { installTools } from './lib/tools.mjs';

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

/** What `npm run e2e:all` runs in addition. */
const MORE_PACKAGES = [
  { name: 'firefox-esr', probe: 'firefox-esr' },
  { name: 'webkit2gtk-driver', probe: 'WebKitWebDriver' },
  { name: 'gir1.2-webkit2-4.1', probe: '/usr/lib/x86_64-linux-gnu/girepository-1.0/WebKit2-4.1.typelib' },
  { name: 'python3-gi', probe: '/usr/lib/python3/dist-packages/gi/__init__.py' },
  { name: 'xvfb', probe: 'Xvfb' },
];
/** Neither is a Debian package. */
const MORE_TOOLS = [
  { name: 'geckodriver', version: '0.37.1', options: [] },
  {
    name: 'garage',
    version: '2.5.0',
    options: ['--no-default-features', '--features', 'bundled-libs,sqlite'],
  },
];

/**
 * Makes sure that the build can run, with `tests` everything that `npm test` uses, with `everything` also what
 * `npm run e2e:all` does.
 *
 * @param {{ tests?: boolean, everything?: boolean }} [options]
 */
export async function setup({ tests = false, everything = false } = {}) {
  checkNode();
  await checkRust();
  await installWasmTarget();
  await installStdSource(announce);
  await installWasmBindgen();
  await installNodeModules();
  if (tests || everything) {
    await installPackages(everything ? [...TEST_PACKAGES, ...MORE_PACKAGES] : TEST_PACKAGES);
    // Before test files that run side by side all find them missing.
    await installTools();
  }
  if (everything) for (const tool of MORE_TOOLS) await installTool(tool);
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

/** @param {readonly { name: string, probe: string }[]} packages */
async function installPackages(packages) {
  /** @type {string[]} */
  const missing = [];
  for (const { name, probe } of packages)
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

/** @param {(typeof MORE_TOOLS)[number]} tool */
async function installTool({ name, version, options }) {
  const known = (await output(join(toolsDir, 'bin', name), ['--version'])) ?? '';
  if (known.includes(version)) return;
  announce(`${name} ${version} into .tools (some minutes, once)`);
  await run('cargo', [
    'install',
    '--locked',
    name,
    '--version',
    version,
    ...options,
    '--root',
    toolsDir,
    '--force',
  ]);
}

/** @param {string} what */
function announce(what) {
  process.stdout.write(`==> installing ${what}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await script(() =>
    setup({ tests: process.argv.includes('--tests'), everything: process.argv.includes('--everything') }),
  );
