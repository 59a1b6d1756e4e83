/** A bare request. */

/**
 * @param {string} method
 * @param {string} url
 * @param {Blob | string | null} body
 * @param {(loaded: number) => void} [progress]
 * @returns {Promise<XMLHttpRequest>}
 */
export function request(method, url, body, progress) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    if (progress) xhr.upload.onprogress = ({ loaded }) => progress(loaded);
    xhr.onload = () => (xhr.status < 300 ? resolve(xhr) : reject(new Error(`${method}: ${xhr.status}`)));
    xhr.onerror = () => reject(new Error(`${method}: no reply`));
    xhr.open(method, url);
    xhr.send(body);
  });
}
