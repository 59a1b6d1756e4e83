/** A bare loop over parts, without retries, resuming and checks: the ceiling for every client that sends parts of this size. */
import { adder, all, sizeOf } from '../pool.js';
import { request } from '../request.js';

export async function start(files, { store, equal }, progress) {
  const add = adder(sizeOf(files), progress);
  const object = (file) => `${store}/bucket/${file.name}`;
  const whole = (file) => async () => {
    await request('PUT', object(file), file, (loaded) => add(file, loaded));
  };
  const small = files.filter(({ size }) => size <= equal.partSize);
  await all(small.map(whole), equal.parallel);
  for (const file of files) if (file.size > equal.partSize) await inParts(file, object(file), equal, add);
}

async function inParts(file, url, { partSize, parallel }, add) {
  const created = await request('POST', `${url}?uploads`, null);
  const id = created.responseXML.querySelector('UploadId').textContent;
  const etags = [];
  const part = (_, index) => async () => {
    const blob = file.slice(index * partSize, (index + 1) * partSize);
    const target = `${url}?partNumber=${index + 1}&uploadId=${id}`;
    const reply = await request('PUT', target, blob, (loaded) => add(blob, loaded));
    etags[index] = reply.getResponseHeader('ETag');
  };
  await all(Array.from({ length: Math.ceil(file.size / partSize) }, part), parallel);
  const listed = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
  await request('POST', `${url}?uploadId=${id}`, body);
}
