import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { home } from '../../fixtures/runs';
import type { Answer, Result } from '../api/answers';
import type { Action, Query } from '../api/types';
import { type Host, HostError } from '../host/host';
import { StartController } from './start.svelte';

/** A host that finds a repository wherever it is asked to, knows one suite's tasks, and notes what it is ordered. */
function host() {
  const ordered: Action[] = [];
  const answer = (q: Query) => {
    if (q.query === 'repository') return { path: q.path, branch: 'main', commit: '4f2a91c', changed: [], checks: [{ run: `test ${q.path}`, because: 'found' }] };
    if (q.query === 'preview' && q.request.suite === '~/known') return { title: 'Known' };
    throw new HostError({ code: 'no_such_suite', message: 'it is not there' });
  };
  const found: Host = {
    kind: 'recorded',
    query: async <Q extends Query>(q: Q) => answer(q) as Answer<Q>,
    act: async <A extends Action>(a: A) => (ordered.push(a), 'run') as Result<A>,
  };
  return { found, ordered };
}

const suite = (directory: string) => ({ id: directory, title: directory, directory, tasks: 6, sample: false });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('nothing can start on a repository after another path was typed', async () => {
  const { found, ordered } = host();
  const start = new StartController(found);
  start.instruction = 'Refuse it.';
  start.chosen = ['aster'];
  start.setFolder('~/first');
  await vi.runAllTimersAsync();
  expect([start.ready, start.repository.value?.path, start.check]).toEqual([true, '~/first', 'test ~/first']);
  start.setFolder('~/second');
  expect([start.ready, start.repository.value, start.check]).toEqual([false, null, null]);
  await vi.runAllTimersAsync();
  await start.startTry();
  expect(ordered).toMatchObject([{ action: 'start_try', request: { repository: '~/second', check: 'test ~/second' } }]);
});

it('one suite’s tasks never stand under another’s title', async () => {
  const start = new StartController(host().found);
  start.choose(suite('~/known'), home);
  await vi.runAllTimersAsync();
  expect(start.preview.value?.title).toBe('Known');
  start.choose(suite('~/gone'), home);
  expect(start.preview.value).toBe(null);
  await vi.runAllTimersAsync();
  expect([start.preview.value, start.preview.error?.code]).toEqual([null, 'no_such_suite']);
});
