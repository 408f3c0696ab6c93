import { expect, it } from 'vitest';

import { formatRoute, parseRoute, placeOf, type Route } from './route';

const routes: [string, Route][] = [
  ['#/new', { at: 'new' }],
  ['#/library', { at: 'library' }],
  ['#/run/20261122-7f3a/overview', { at: 'run', run: '20261122-7f3a', tab: 'overview' }],
  ['#/run/r/diffs?task=t&trial=2&path=src%2Fa+b.rs', { at: 'run', run: 'r', tab: 'diffs', task: 't', trial: 2, path: 'src/a b.rs' }],
  ['#/run/r/scoreboard', { at: 'run', run: 'r', tab: 'scoreboard' }],
  ['#/run/r/evidence?task=t&assistant=aster&trial=1', { at: 'run', run: 'r', tab: 'evidence', key: { task: 't', assistant: 'aster', trial: 1 } }],
];

it.each(routes)('%s is read and written without loss', (address, route) => {
  expect(parseRoute(address)).toEqual(route);
  expect(formatRoute(route)).toBe(address);
});

it.each([
  ['', { at: 'new' }],
  ['#/nowhere', { at: 'new' }],
  ['#/run', { at: 'new' }],
  ['#/run/r', { at: 'run', run: 'r', tab: 'overview' }],
  ['#/run/r/what', { at: 'run', run: 'r', tab: 'overview' }],
  ['#/run/%E0%A4%A/overview', { at: 'run', run: '%E0%A4%A', tab: 'overview' }],
  ['#/run/r/evidence?task=t&assistant=a&trial=0', { at: 'run', run: 'r', tab: 'evidence', key: undefined }],
  ['#/run/r/diffs?trial=-1', { at: 'run', run: 'r', tab: 'diffs', task: undefined, trial: undefined, path: undefined }],
])('the odd address “%s” leads somewhere', (address, route) => expect(parseRoute(address)).toEqual(route));

it('a run belongs to Runs', () => expect(placeOf({ at: 'run', run: 'r', tab: 'scoreboard' })).toBe('runs'));
