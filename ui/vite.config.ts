import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The page runs under `default-src 'none'`: nothing may be inlined into the document.
export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5199, strictPort: true, host: '127.0.0.1' },
  build: {
    target: ['es2022', 'safari16'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    emptyOutDir: true,
    reportCompressedSize: false,
  },
});
