/** What an application does: uploads a file of three parts to the server that the address names. */
export async function upload(createUploader) {
  const server = new URLSearchParams(location.search).get('server');
  const { token } = await (await fetch(`${server}/session`)).json();
  const uploader = await createUploader({
    endpoint: `${server}/s3`,
    headers: { Authorization: `Bearer ${token}` },
  });
  const bytes = Uint8Array.from({ length: 11_000_000 }, (_, at) => (at * 2654435761) >>> 13);
  const worked = [];
  const upload = uploader.add(new File([bytes], 'bundled.bin'));
  upload.on('warning', ({ message }) => worked.push(message));
  const { key } = await upload.finished;
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  const sha256 = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { key, sha256, size: bytes.length, warnings: worked };
}
