/** One PUT of each file: what a page does with no library at all. */
import { CONNECTIONS, adder, all, sizeOf } from '../pool.js';
import { request } from '../request.js';

export async function start(files, { store }, progress) {
  const add = adder(sizeOf(files), progress);
  const send = (file) => () =>
    request('PUT', `${store}/bucket/${file.name}`, file, (loaded) => add(file, loaded));
  await all(files.map(send), CONNECTIONS);
}
