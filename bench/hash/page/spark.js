/** The usual loop over slices of 2 MiB, as in spark-md5's own documentation. */
import SparkMD5 from 'spark-md5';

const SLICE = 2 * 1024 * 1024;

self.onmessage = ({ data: { file } }) => {
  const md5 = new SparkMD5.ArrayBuffer();
  const reader = new FileReader();
  let at = 0;
  const next = () => reader.readAsArrayBuffer(file.slice(at, at + SLICE));
  reader.onload = () => {
    md5.append(reader.result);
    at += SLICE;
    if (at < file.size) next();
    else self.postMessage(md5.end());
  };
  next();
};
