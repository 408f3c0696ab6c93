/** A recording as a host: for screenshots and tests. Nothing here runs, and every screen says so. */
import { audits, preflights } from '../../fixtures/audits';
import { tiers } from '../../fixtures/cast';
import { CROSSED, crossedBoard, crossedHome, crossedView } from '../../fixtures/crossing';
import { columns, index, stacked } from '../../fixtures/diffs';
import { liveEvents } from '../../fixtures/live';
import { preview } from '../../fixtures/plans';
import { haltedViews, home, LIVE, liveView, LOOK, lookView, OVER, overView, scoreboard, selfTest, summaries } from '../../fixtures/runs';
import { allEvents, trial } from '../../fixtures/trials';
import type { Answer, Result } from '../api/answers';
import type { Action, Query } from '../api/types';
import { type Host, HostError } from './host';

const NO_NAMESPACES = 'user namespaces are switched off; see docs/isolation.md';
/** Live events handed out at once. */
const BATCH = 12;

export function recorded(): Host {
  const asked = new URLSearchParams(location.search);
  const scene = asked.has('empty') ? 'empty' : asked.has('crossed') ? 'crossed' : 'usual';
  return {
    kind: 'recorded',
    query: async <Q extends Query>(q: Q) => structuredClone(answer(q, scene)) as Answer<Q>,
    act: async <A extends Action>(a: A) => order(a) as Result<A>,
  };
}

/** What the recorded machine has: nothing yet, tools that take models, or samples and some runs. */
type Scene = 'empty' | 'crossed' | 'usual';

function answer(q: Query, scene: Scene): Answer<Query> {
  const empty = scene === 'empty';
  switch (q.query) {
    case 'home':
      if (scene === 'crossed') return crossedHome;
      return empty ? { ...home, recent: [], suites: home.suites.slice(0, 1), tier: { tier: 'plain', reason: NO_NAMESPACES }, tiers: tiers(NO_NAMESPACES, NO_NAMESPACES) } : home;
    case 'runs':
      return empty ? [] : summaries;
    case 'repository':
      if (!q.path.includes('parcels')) throw new HostError({ code: 'not_a_repository', message: `\`${q.path}\` is not under git: choose a folder that holds a repository` });
      return { path: q.path, branch: 'main', commit: '4f2a91c0d1e2f3a4b5c6', changed: ['parcels/rates.py'], checks: [{ run: 'python3 -m unittest -q', because: 'tests/ found' }] };
    case 'preview':
      return preview(q.request);
    case 'audits':
      return empty ? [] : audits;
    case 'run':
      if (q.run === LIVE) return liveView;
      if (q.run === OVER) return overView;
      if (q.run === LOOK) return lookView;
      if (q.run === CROSSED) return crossedView;
      if (haltedViews[q.run]) return haltedViews[q.run]!;
      throw new HostError({ code: 'no_such_run', message: `run \`${q.run}\` is not in this recording` });
    case 'live': {
      const events = liveEvents.filter((event) => event.seq > q.after).slice(0, BATCH);
      return { events, next: events.at(-1)?.seq ?? q.after, dropped: 0, over: false };
    }
    case 'trial':
      return trial(q.key);
    case 'events':
      return allEvents(q.key).slice(q.from, q.from + q.count);
    case 'diff_index': {
      const made = index(q.reference);
      return q.task === made.task.id ? made : { ...made, task: overView.tasks.find((task) => task.id === q.task) ?? made.task, trial: q.trial };
    }
    case 'stacked_diff': {
      const file = stacked[q.path];
      if (!file) throw new HostError({ code: 'no_such_file', message: `\`${q.path}\` is touched by nobody` });
      return file;
    }
    case 'columns_diff':
      return { ...columns, path: q.path };
    case 'self_test':
      return selfTest;
    case 'scoreboard':
      if (q.run === LIVE) return { ...scoreboard, run: liveView, comparison: { ...scoreboard.comparison, basis: { ...scoreboard.comparison.basis!, standing: { standing: 'exploratory', reasons: ['stopped_early', 'other_margin'] } }, verdict: { parts: [{ part: 'withheld', reason: 'unfinished' }], top: [], headline: '', sentences: [], details: [] } } };
      return q.run === CROSSED ? crossedBoard : scoreboard;
  }
}

function order(a: Action): Result<Action> {
  switch (a.action) {
    case 'start_run':
    case 'start_try':
      return LIVE;
    case 'audit_tasks':
      return audits;
    case 'preflight':
      return preflights;
    case 'report':
      return '~/.local/share/fairtrial/reports/sample.html';
    case 'pause':
    case 'resume':
    case 'cancel':
      throw new HostError({ code: 'recorded', message: 'this is a recording: nothing runs that could be stopped' });
  }
}
