import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { halted, haltedViews } from '../../fixtures/runs';
import type { Answer, Result } from '../api/answers';
import type { Action, Query } from '../api/types';
import type { Host } from '../host/host';
import { RunController } from './run.svelte';

/** A host with a run that nobody works on until it is told to go on. */
function host() {
  const queries: string[] = [];
  let live = false;
  const view = haltedViews[halted.cancelled]!;
  const answer = (q: Query) => {
    queries.push(q.query);
    return q.query === 'live' ? { events: [], next: 0, dropped: 0, over: false } : { ...view, summary: { ...view.summary, live } };
  };
  const found: Host = {
    kind: 'recorded',
    query: async <Q extends Query>(q: Q) => answer(q) as Answer<Q>,
    act: async <A extends Action>(a: A) => ((live = a.action === 'resume'), null) as Result<A>,
  };
  return { found, queries };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (then: () => void) => setTimeout(then, 16));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('a run that is taken up is followed from then on, by one who asks alone', async () => {
  const { found, queries } = host();
  const run = new RunController(found, halted.cancelled);
  await run.open();
  expect(queries).toEqual(['run']);
  await run.act('resume');
  await run.act('resume');
  queries.length = 0;
  await vi.advanceTimersByTimeAsync(1000);
  // One every 250 ms and a frame; two who asked would make eight.
  expect(queries).toEqual(['live', 'live', 'live', 'live']);
  run.close();
});
