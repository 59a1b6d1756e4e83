/** A clean folder with the packed package installed, as a user would have it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The repository's root. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Packs `dist/`.
 *
 * @param {string} folder where the tarball goes
 * @returns {Promise<{ filename: string, files: { path: string }[] }>}
 */
export async function pack(folder) {
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(root, 'dist'),
  });
  const report = JSON.parse(stdout);
  return Array.isArray(report) ? report[0] : Object.values(report)[0];
}

/**
 * Packs `dist/` and installs the tarball.
 *
 * @returns {Promise<{ folder: string, packed: string[], remove: () => Promise<void> }>} `packed`: the tarball's files
 */
export async function install() {
  const folder = await mkdtemp(join(tmpdir(), 'partwise-consumer-'));
  const tarball = await pack(folder);
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  // The package has no dependencies, so nothing is to be fetched; --offline proves it.
  await exec('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${tarball.filename}`], {
    cwd: folder,
  });
  return {
    folder,
    packed: tarball.files.map(({ path }) => path).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Gives a folder packages of this repository, with what they depend on.
 *
 * @param {string} folder with `node_modules`
 * @param {readonly string[]} names
 */
export async function link(folder, names) {
  for (const name of names)
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
}

/**
 * Runs a program in a folder; resolves with what it prints, rejects with that in the message.
 *
 * @param {string} folder
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Record<string, string>} [environment] in addition
 */
export async function runIn(folder, program, args, environment) {
  try {
    return (await exec(program, args, { cwd: folder, env: { ...process.env, ...environment } })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
