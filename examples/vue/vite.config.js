import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const demoServer = process.env.DEMO_SERVER ?? 'http://127.0.0.1:8080';
const repository = fileURLToPath(new URL('../..', import.meta.url));

export default defineConfig({
  plugins: [vue()],
  server: {
    proxy: { '/s3': demoServer, '/session': demoServer },
    // Neither this nor what follows is needed in an app of its own, with partwise installed.
    fs: { allow: [repository] },
  },
  resolve: { alias: { partwise: `${repository}dist` } },
  cacheDir: `${repository}node_modules/.vite/vue`,
});
