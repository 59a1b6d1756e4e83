/** Ports for servers that cannot choose one themselves. */
import { createServer } from 'node:net';

/** Below those that the kernel gives to outgoing connections and to whoever asks for any (32768 on). */
const FIRST = 12_000;
const LAST = 31_999;

// Where another run of these tests is unlikely to look.
let next = FIRST + ((process.pid * 64) % (LAST - FIRST));

/** A port of 127.0.0.1 that nobody listens on, never the same twice. @returns {Promise<number>} */
export async function freePort() {
  const port = next;
  next = next === LAST ? FIRST : next + 1;
  const server = createServer();
  const free = await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return free ? port : freePort();
}
