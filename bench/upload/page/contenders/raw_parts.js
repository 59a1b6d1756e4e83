/** A bare loop over parts, without retries, resuming and checks: the ceiling for every client that sends parts of this size. */
import { adder, all, sizeOf } from '../pool.js';
import { request } from '../request.js';

const PART_SIZE = 8 * 1024 * 1024;
const PARALLEL = 4;

export async function start(files, { store }, progress) {
  const add = adder(sizeOf(files), progress);
  const object = (file) => `${store}/bucket/${file.name}`;
  const whole = (file) => async () => {
    await request('PUT', object(file), file, (loaded) => add(file, loaded));
  };
  const small = files.filter(({ size }) => size <= PART_SIZE);
  await all(small.map(whole), PARALLEL);
  for (const file of files) if (file.size > PART_SIZE) await inParts(file, object(file), add);
}

async function inParts(file, url, add) {
  const created = await request('POST', `${url}?uploads`, null);
  const id = created.responseXML.querySelector('UploadId').textContent;
  const etags = [];
  const part = (_, index) => async () => {
    const blob = file.slice(index * PART_SIZE, (index + 1) * PART_SIZE);
    const target = `${url}?partNumber=${index + 1}&uploadId=${id}`;
    const reply = await request('PUT', target, blob, (loaded) => add(blob, loaded));
    etags[index] = reply.getResponseHeader('ETag');
  };
  await all(Array.from({ length: Math.ceil(file.size / PART_SIZE) }, part), PARALLEL);
  const listed = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
  await request('POST', `${url}?uploadId=${id}`, body);
}
