import { useEffect, useState } from 'react';

const UNDER_WAY = ['starting', 'uploading', 'offline', 'completing'];

/**
 * How many bytes the store has of each key, as the server has learned from it. The server is only listened to while there is
 * something to learn, and by one connection for all files: browsers open six to a server, and signing needs some, too.
 *
 * @param {readonly import('partwise/react').UploadSnapshot[]} uploads
 * @returns {Record<string, number>}
 */
export function useConfirmed(uploads) {
  const [bytes, setBytes] = useState({});
  const isListening = uploads.some(({ state, key, file }) =>
    state === 'done' ? bytes[key] !== file.size : UNDER_WAY.includes(state),
  );
  useEffect(() => {
    if (!isListening) return;
    const source = new EventSource('/api/confirmed');
    source.onmessage = ({ data }) => {
      const { key, bytes } = JSON.parse(data);
      setBytes((all) => ({ ...all, [key]: bytes }));
    };
    return () => source.close();
  }, [isListening]);
  return bytes;
}
