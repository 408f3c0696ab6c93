import { defineConfig } from 'vitest/config';

// Tests on the built bundles in a real browser; `npm run test:page` builds them first.
export default defineConfig({
  test: { include: ['tests/**/*.test.ts'], environment: 'node', testTimeout: 120_000, hookTimeout: 60_000, fileParallelism: false, maxConcurrency: 3 },
});
