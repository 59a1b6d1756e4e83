/**
 * Each file read, and its bytes sent as a form: the least that a page does which hashes what it sends, where the server signs forms.
 * All go to one address, so that one preflight is enough.
 */
import { all } from '../pool.js';

/** As many as partwise sends at a time. */
const PARALLEL = 5;
const BOUNDARY = 'bench0123456789';

export async function start(files, { store }, progress) {
  const send = (file) => async () => {
    const body = form(file.name, new Uint8Array(await file.arrayBuffer()));
    const headers = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };
    const reply = await fetch(`${store}/bucket`, { method: 'POST', headers, body });
    if (!reply.ok) throw new Error(`POST: ${reply.status}`);
    await reply.text();
  };
  await all(files.map(send), PARALLEL);
  progress(1);
}

/** A `Blob` of the bytes in a `FormData` would take longer. */
function form(name, bytes) {
  const begin = (field) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"`;
  const encode = (text) => new TextEncoder().encode(text);
  const head = encode(
    `${begin('key')}\r\n\r\n${name}\r\n${begin('file')}; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = encode(`\r\n--${BOUNDARY}--\r\n`);
  const body = new Uint8Array(head.length + bytes.length + tail.length);
  body.set(head);
  body.set(bytes, head.length);
  body.set(tail, head.length + bytes.length);
  return body;
}
