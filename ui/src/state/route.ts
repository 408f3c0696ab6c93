/** Places of the interface and how the address says them. Pure: text in, place out, and back. */
import type { TrialKey } from '../api/types';

export type RunTab = 'overview' | 'diffs' | 'scoreboard' | 'evidence';

export type Route =
  | { at: 'new' }
  | { at: 'runs' }
  | { at: 'review' }
  | { at: 'decide' }
  | { at: 'library' }
  | { at: 'run'; run: string; tab: 'overview' }
  | { at: 'run'; run: string; tab: 'diffs'; task?: string; trial?: number; path?: string }
  | { at: 'run'; run: string; tab: 'scoreboard' }
  | { at: 'run'; run: string; tab: 'evidence'; key?: TrialKey };

export const PLACES = ['new', 'runs', 'review', 'decide', 'library'] as const;
export type Place = (typeof PLACES)[number];

/** Reads an address's fragment; whatever it does not know leads to New. */
export function parseRoute(fragment: string): Route {
  const [path = '', search = ''] = fragment.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').map(decode);
  const query = new URLSearchParams(search);
  const [first, run, tab] = parts;
  if (first === 'run' && run) return parseRun(run, tab, query);
  const place = PLACES.find((known) => known === first);
  return { at: place ?? 'new' };
}

function parseRun(run: string, tab: string | undefined, query: URLSearchParams): Route {
  const trial = Number.parseInt(query.get('trial') ?? '', 10);
  const task = query.get('task') ?? undefined;
  switch (tab) {
    case 'diffs':
      return { at: 'run', run, tab, task, trial: trial >= 1 ? trial : undefined, path: query.get('path') ?? undefined };
    case 'scoreboard':
      return { at: 'run', run, tab };
    case 'evidence': {
      const assistant = query.get('assistant');
      const key = task && assistant && trial >= 1 ? { task, assistant, trial } : undefined;
      return { at: 'run', run, tab, key };
    }
    default:
      return { at: 'run', run, tab: 'overview' };
  }
}

/** Writes a place as an address's fragment. */
export function formatRoute(route: Route): string {
  if (route.at !== 'run') return `#/${route.at}`;
  const query = new URLSearchParams();
  if (route.tab === 'diffs') {
    if (route.task !== undefined) query.set('task', route.task);
    if (route.trial !== undefined) query.set('trial', String(route.trial));
    if (route.path !== undefined) query.set('path', route.path);
  }
  if (route.tab === 'evidence' && route.key) {
    query.set('task', route.key.task);
    query.set('assistant', route.key.assistant);
    query.set('trial', String(route.key.trial));
  }
  const search = query.toString();
  return `#/run/${encodeURIComponent(route.run)}/${route.tab}${search === '' ? '' : `?${search}`}`;
}

/** The place in the navigation that a route belongs to. */
export function placeOf(route: Route): Place {
  return route.at === 'run' ? 'runs' : route.at;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
