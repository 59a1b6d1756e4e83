import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const repository = fileURLToPath(new URL('../..', import.meta.url));

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: { '/api': process.env.SIGNING_SERVER ?? 'http://127.0.0.1:8082' },
    // Neither this nor what follows is needed in an app of its own, with partwise installed.
    fs: { allow: [repository] },
  },
  resolve: { alias: { partwise: `${repository}dist` } },
  cacheDir: `${repository}node_modules/.vite/node-signing`,
});
