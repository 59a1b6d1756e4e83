/** The documents and the blocks of code in them. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../consumer.mjs';

/**
 * @typedef {object} Block
 * @property {string} language what stands behind the fence; empty when nothing does
 * @property {string} text
 * @property {string} place such as `docs/oss.md:57`
 * @property {string} document
 */

/** Every document of the package that is in both languages, English and Chinese. */
export async function documents() {
  const names = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).sort();
  return [
    { english: 'README.md', chinese: 'README.zh-CN.md' },
    ...names.map((name) => ({ english: `docs/${name}`, chinese: `docs/zh-CN/${name}` })),
  ];
}

/** @param {string} path from the root */
export function read(path) {
  return readFile(join(root, path), 'utf8');
}

/**
 * @param {string} document
 * @returns {Promise<Block[]>}
 */
export async function blocksOf(document) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {{ fence: string, block: Block, lines: string[] } | null} */
  let open = null;
  for (const [index, line] of (await read(document)).split('\n').entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (open && fence?.[1] === open.fence && !fence[2]) {
      blocks.push({ ...open.block, text: `${open.lines.join('\n')}\n` });
      open = null;
    } else if (open) {
      open.lines.push(line);
    } else if (fence) {
      const place = `${document}:${index + 1}`;
      open = {
        fence: fence[1] ?? '',
        block: { language: fence[2] ?? '', text: '', place, document },
        lines: [],
      };
    }
  }
  if (open) throw new Error(`${open.block.place}: the block does not end`);
  return blocks;
}

/** A document without its blocks of code and its comments. @param {string} text */
export function prose(text) {
  return text.replace(/^\s*```[\s\S]*?^\s*```/gm, '').replace(/<!--[\s\S]*?-->/g, '');
}
