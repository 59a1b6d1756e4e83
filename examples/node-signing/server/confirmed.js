/**
 * How many bytes the store has, by its own account: of an upload under way the parts that it lists, of one that is complete
 * the size of the object. It is asked once a second while a page of the user's listens, about what that user has had signed.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { EXPIRES, partsAfter, sizeOf } from './store.js';

/** Milliseconds. */
const EVERY = 1_000;

/**
 * By key, the one signed for last at the end. `until`: without a new URL nothing more can arrive. `run`: the first parts
 * without a gap, which need not be listed again. `size`: of the object, once it is there.
 *
 * @type {Map<string, { uploadId?: string, until: number, run: { last: number, bytes: number }, size?: number }>}
 */
const uploads = new Map();

/** Learns from what is signed what is under way. */
export function take({ method, key, query: { uploadId } }) {
  // Beginning an upload and asking for an object tell nothing about content.
  if (!uploadId && method !== 'PUT') return;
  const known = uploads.get(key);
  uploads.delete(key);
  forgetOld();
  if (method === 'DELETE') return;
  const isKnown = uploadId && known?.uploadId === uploadId;
  const upload = isKnown ? known : { uploadId, run: { last: 0, bytes: 0 } };
  uploads.set(key, Object.assign(upload, { until: Date.now() + EXPIRES * 1000 }));
}

function forgetOld() {
  for (const [key, { until }] of uploads) {
    if (until > Date.now()) return;
    uploads.delete(key);
  }
}

/**
 * What the store has of the user's files, each whenever that has changed.
 *
 * @param {string} user
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{ key: string, bytes: number }>}
 */
export async function* confirmed(user, signal) {
  const told = new Map();
  while (!signal.aborted) {
    forgetOld();
    for (const key of [...uploads.keys()].filter((key) => key.startsWith(`${user}/`))) {
      // A store that does not answer is asked again next time.
      const bytes = await bytesOf(key).catch(() => undefined);
      if (bytes === undefined || bytes === told.get(key)) continue;
      told.set(key, bytes);
      yield { key, bytes };
    }
    await wait(EVERY, undefined, { signal }).catch(() => {});
  }
}

/** `undefined`: the store has not told. */
async function bytesOf(key) {
  const upload = uploads.get(key);
  if (!upload) return undefined;
  const listed = upload.uploadId && upload.size === undefined ? await listedBytes(key, upload) : undefined;
  return listed ?? (upload.size ??= await sizeOf(key));
}

async function listedBytes(key, { uploadId, run }) {
  let { last, bytes } = run;
  for (;;) {
    const page = await partsAfter(last, key, uploadId);
    if (!page) return undefined;
    for (const { number, size } of page.parts) {
      last = number;
      bytes += size;
      if (number === run.last + 1) Object.assign(run, { last, bytes });
    }
    if (!page.more) return bytes;
  }
}
