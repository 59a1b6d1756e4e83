/** The receiving end (`bench/upload/sink`), and the files that it knows. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from '../../tests/e2e/support/binaries.mjs';
import { run, start } from '../../tests/e2e/support/process.mjs';
import { workshop } from './peers.mjs';

/** Files with numbers from here on hold hardly anything but zeros, which no disk has to store. */
const FIRST_SPARSE = 1 << 23;

/**
 * @typedef {object} BenchFile
 * @property {string} path
 * @property {number} number
 * @property {number} size bytes
 *
 * @typedef {object} Stats what has arrived, as `sink/src/world.rs` describes it
 * @property {Record<string, number>} requests
 * @property {number} contentBytes
 * @property {number | null} firstByte
 * @property {number} refused
 * @property {number} wrong
 * @property {number} right
 * @property {number} hashedBytes
 */

const program = () => binary('partwise-bench-sink', 'bench-sink');

/**
 * Files that the sink recognises, made once.
 *
 * @param {{ size: number, count: number, sparse?: boolean }} wanted `size` in bytes
 * @returns {Promise<BenchFile[]>}
 */
export async function makeFiles({ size, count, sparse = false }) {
  const folder = join(workshop, 'files', `${size}`);
  const first = sparse ? FIRST_SPARSE : 1;
  await mkdir(folder, { recursive: true });
  const args = ['make', folder, String(first), String(size), String(count)];
  await run(await program(), args, { within: 1_800_000 });
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    return { path: join(folder, `${number}.bin`), number, size };
  });
}

/** A running sink. */
export class Sink {
  /**
   * @param {number} pid
   * @param {number} store
   * @param {number} backend ports
   */
  constructor(pid, store, backend) {
    this.pid = pid;
    /** What pages send content to. */
    this.store = `http://127.0.0.1:${store}`;
    /** What pages ask for signatures. */
    this.backend = `http://127.0.0.1:${backend}`;
  }

  /** @param {import('../../tests/e2e/support/cleanup.mjs').Scope} scope that ends it */
  static async start(scope) {
    const ready = /store=(\d+) backend=(\d+)\n/;
    const { pid, ready: ports } = await start(await program(), ['serve'], { ready, scope });
    return new Sink(pid, Number(ports[1]), Number(ports[2]));
  }

  /** Hashes what is going to arrive. @param {readonly BenchFile[]} files @param {readonly number[]} partSizes */
  async prepare(files, partSizes) {
    await this.#post('prepare', { files: files.map(planned), partSizes });
  }

  /**
   * Begins anew.
   *
   * @param {object} plan
   * @param {readonly BenchFile[]} plan.files what ought to arrive
   * @param {string} plan.store the origin under which pages reach it
   * @param {number} [plan.atOnce] requests that it serves at a time
   */
  async reset({ files, store, atOnce }) {
    await this.#post('reset', { files: files.map(planned), store, atOnce });
  }

  /** @returns {Promise<Stats>} what has arrived since */
  async stats() {
    return (await fetch(`${this.backend}/bench/stats`)).json();
  }

  /** @returns {Promise<import('./timeline.mjs').Exchange[]>} every request since */
  async journal() {
    return (await fetch(`${this.backend}/bench/journal`)).json();
  }

  /**
   * @param {string} command
   * @param {object} body
   */
  async #post(command, body) {
    const reply = await fetch(`${this.backend}/bench/${command}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${command}: ${reply.status}`);
  }
}

/** @param {BenchFile} file */
const planned = ({ number, size }) => ({ number, size });
