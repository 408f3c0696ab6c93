/** What is shipped: its size, what it may load, and that it holds no recording. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

const ASSETS = 'dist/assets';

async function files(ending: string): Promise<{ name: string; content: Buffer }[]> {
  const names = (await readdir(ASSETS)).filter((name) => name.endsWith(ending));
  return Promise.all(names.map(async (name) => ({ name, content: await readFile(join(ASSETS, name)) })));
}

const zipped = (all: { content: Buffer }[]) => all.reduce((sum, { content }) => sum + gzipSync(content, { level: 9 }).length, 0);

describe('the bundle', () => {
  it('has at most 120 kB of scripts, compressed', async () => expect(zipped(await files('.js'))).toBeLessThanOrEqual(120_000));
  it('has at most 20 kB of styles, compressed', async () => expect(zipped(await files('.css'))).toBeLessThanOrEqual(20_000));
  it('has at most 200 kB of fonts', async () => expect((await files('.woff2')).reduce((sum, { content }) => sum + content.length, 0)).toBeLessThanOrEqual(200_000));

  it('holds no recording', async () => {
    for (const { name, content } of await files('.js')) expect(content.toString(), name).not.toContain('zero-weight');
  });

  it('needs nothing that the policy forbids: no inline script or style, no data address, no foreign host', async () => {
    const page = await readFile('dist/index.html', 'utf8');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|data:/);
    for (const { name, content } of [...(await files('.css')), ...(await files('.js'))]) {
      const foreign = content.toString().match(/https?:\/\/(?!www\.w3\.org\/|svelte\.dev\/e\/)[\w.-]+/g) ?? [];
      expect(foreign, name).toEqual([]);
    }
    for (const { content } of await files('.css')) expect(content.toString()).not.toMatch(/url\(["']?data:/);
  });
});

describe('the lockfile', () => {
  it('names no registry', async () => {
    const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as { packages: Record<string, { resolved?: string }> };
    expect(Object.values(lock.packages).filter((one) => one.resolved !== undefined)).toEqual([]);
  });
});
