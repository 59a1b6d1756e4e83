'use client';
import { useEffect } from 'react';
import { createUploader } from 'partwise';
import { upload } from '../upload.js';

export default function Page() {
  useEffect(() => {
    globalThis.uploaded ??= upload(createUploader);
  }, []);
  return <h1>An application</h1>;
}
