/** Whether what a document tells to type exists. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../consumer.mjs';
import { read } from './blocks.mjs';

/** @param {string} text of a shell block */
export function commandsIn(text) {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*/, '').trim())
    .filter(Boolean)
    .map((line) => line.split(/\s+/))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))));
}

/**
 * Fails for a command that is not there: a script, an example, a package, a file.
 *
 * @param {readonly string[]} command
 * @param {readonly string[]} files that the document itself tells to write
 */
export async function checkCommand([program = '', action = '', ...rest], files) {
  const manifest = JSON.parse(await read('package.json'));
  /** @param {string[]} names */
  const option = (...names) => rest[rest.findIndex((word) => names.includes(word)) + 1] ?? '';
  switch (program) {
    case 'npm': {
      const script = action === 'run' ? rest[0] : action;
      assert.ok(action === 'install' || action === 'pack' || manifest.scripts[script ?? ''], `npm ${script}`);
      if (action === 'install') assert.deepEqual(rest, ['partwise']);
      return;
    }
    case 'cargo': {
      if (action === 'test') {
        const targets = await read('Cargo.toml');
        if (rest.includes('--test'))
          assert.ok(targets.includes(`name = "${option('--test')}"`), option('--test'));
        return;
      }
      assert.equal(action, 'run');
      if (rest.includes('--example'))
        assert.ok(existsSync(join(root, 'examples', option('--example'), 'main.rs')), option('--example'));
      else assert.equal(option('-p', '--package'), await packageName('examples/server'));
      return;
    }
    case 'node':
      if (action === '--test') return assert.ok(existsSync(join(root, rest[0] ?? '')), rest[0]);
      assert.ok(files.includes(action) || existsSync(join(root, action)), action);
      return;
    default:
      assert.fail(`nothing checks ${program}`);
  }
}

/** @param {string} folder */
async function packageName(folder) {
  return /^name = "(.*)"$/m.exec(await read(`${folder}/Cargo.toml`))?.[1];
}
