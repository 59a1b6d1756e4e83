'use client';
import { useEffect } from 'react';
import { useUploader } from 'partwise/react';
import { upload } from '../../upload.js';

const server = globalThis.location && new URLSearchParams(location.search).get('server');
const options = {
  endpoint: `${server}/s3`,
  headers: async () => ({
    Authorization: `Bearer ${(await (await fetch(`${server}/session`)).json()).token}`,
  }),
};

export default function Page() {
  const { add, uploads } = useUploader(options);
  useEffect(() => {
    // What the hook gives has no events, but a promise of its own.
    globalThis.uploaded ??= upload(() => ({ add: (file) => ({ on() {}, finished: add(file).finished }) }));
  }, [add]);
  return <h1>{uploads.length} files</h1>;
}
