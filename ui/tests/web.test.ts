/** The product's bundle against an HTTP server of the contract's shape: the web host. */
import type { Server } from 'node:http';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { crossedHome } from '../fixtures/crossing';
import { preview } from '../fixtures/plans';
import { home, summaries } from '../fixtures/runs';
import type { PlanRequest } from '../src/api/types';
import { launch, serve } from './support';

let browser: Browser;
let server: Server;
let address: string;
/** Previews wait for this, as they do for a machine that is busy. */
let worked: Promise<unknown> = Promise.resolve();
let found = home;
const asked: { path: string; body: unknown; authorization: string | undefined }[] = [];

beforeAll(async () => {
  ({ address, server } = await serve('dist', async (path, body, authorization) => {
    const call = JSON.parse(body) as { query?: string; action?: string; request?: PlanRequest };
    asked.push({ path, body: call, authorization });
    if (authorization !== 'Bearer secret+1') return { status: 401, body: JSON.stringify({ code: 'unauthorised', message: 'open the address that `fairtrial serve` printed' }) };
    if (call.query === 'home') return { status: 200, body: JSON.stringify(found) };
    if (call.query === 'runs') return { status: 200, body: JSON.stringify(summaries) };
    if (call.query === 'audits') return { status: 200, body: '[]' };
    if (call.query === 'preview') {
      await worked;
      return { status: 200, body: JSON.stringify(preview(call.request!)) };
    }
    if (call.action === 'start_run') return { status: 409, body: JSON.stringify({ code: 'busy', message: 'another process works on this data folder' }) };
    return { status: 500, body: 'not JSON' };
  }));
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

it('takes its token out of the address, sends it along, and shows refusals', async () => {
  const page = await browser.newPage({ locale: 'en-GB' });
  await page.goto(`${address}/#token=secret%2B1`);
  await page.waitForSelector('[data-testid="machine"]');
  expect(page.url()).not.toContain('secret');
  expect(asked[0]).toEqual({ path: '/api/query', body: { query: 'home' }, authorization: 'Bearer secret+1' });

  await page.click('[data-testid="start-sample"]');
  await page.waitForSelector('[data-testid="error-note"][data-code="busy"]');
  expect(asked.at(-1)).toMatchObject({ path: '/api/act', body: { action: 'start_run', request: { suite: 'samples', assistants: [] } } });

  await page.reload();
  await page.waitForSelector('[data-testid="machine"]');
  await page.goto(`${address}/#/run/some/overview`);
  await page.waitForSelector('[data-testid="error-note"][data-code="http_500"]');
  await page.close();
});

it('says what to do without a token', async () => {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(address);
  expect(await page.textContent('[data-testid="error-note"][data-code="unauthorised"]')).toContain('fairtrial serve');
  await context.close();
});

it('leaves the button that runs a suite where it is, whenever and whatever a preview says', async () => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const button = page.locator('[data-testid="start-suite"]');
  const place = async () => {
    const box = await button.boundingBox();
    return { x: box?.x, y: box?.y, height: box?.height };
  };
  const late = async (order: () => Promise<void>) => {
    let tell: (value: unknown) => void = () => {};
    worked = new Promise((done) => (tell = done));
    const known = page.waitForResponse((response) => response.request().postData()?.includes('preview') === true);
    await order();
    const before = await place();
    tell(null);
    await (await known).finished();
    return before;
  };
  await page.goto(`${address}/#token=secret%2B1`);

  const first = await late(() => page.click('[data-testid="choose-suite"][data-suite="samples"]'));
  await page.waitForSelector('[data-testid="fairness-before"]');
  expect(await page.locator('[data-testid="suite-form"] ol li').count()).toBe(6);
  expect(await place()).toEqual(first);
  // One alone differs from nobody: the sheet goes.
  for (const one of ['birch', 'cedar', 'dogwood', 'elder']) await page.click(`[data-testid="choose-${one}"] input`);
  const changed = await late(() => page.click('[data-testid="choose-fir"] input'));
  await page.waitForSelector('[data-testid="fairness-before"]', { state: 'detached' });
  expect([changed, await place()]).toEqual([first, first]);
  await context.close();
});

it('orders the isolation, the rounds and the limit that were chosen, for the preview and for the run', async () => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${address}/#token=secret%2B1`);
  await page.click('[data-testid="choose-suite"][data-suite="samples"]');
  await page.click('[data-testid="how"] summary');
  await page.check('[data-testid="tier-plain"]');
  await page.check('[data-testid="rounds-2"] input');
  const chosen = { tier: 'plain', rounds: 2, budget_requests: 25, assistants: ['aster', 'birch', 'cedar', 'dogwood', 'elder', 'fir'] };
  const known = page.waitForResponse((response) => response.request().postDataJSON()?.request?.budget_requests === 25);
  await page.fill('[data-testid="requests"]', '25');
  await known;
  expect(asked.at(-1)).toMatchObject({ path: '/api/query', body: { query: 'preview', request: chosen } });
  await page.click('[data-testid="start-suite"]');
  await page.waitForSelector('[data-testid="error-note"][data-code="busy"]');
  expect(asked.at(-1)).toMatchObject({ path: '/api/act', body: { action: 'start_run', request: { suite: 'samples', ...chosen } } });
  await context.close();
});

it('orders tools and models instead of assistants once a model is named', async () => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  found = crossedHome;
  await page.goto(`${address}/#token=secret%2B1`);
  await page.click('[data-testid="choose-suite"][data-suite="parcels"]');
  await page.fill('[data-testid="model-name"]', ' invented-large-4-5 ');
  await page.click('[data-testid="model-add"]');
  await page.waitForSelector('[data-testid="pairs"]');
  const crossed = { assistants: [], tools: ['rowan', 'sorrel', 'tansy'], models: ['invented-large-4-5'] };
  await page.click('[data-testid="start-suite"]');
  await page.waitForSelector('[data-testid="error-note"][data-code="busy"]');
  expect(asked.at(-1)).toMatchObject({ path: '/api/act', body: { action: 'start_run', request: { suite: '~/code/parcels/fairtrial', ...crossed } } });
  await context.close();
});
