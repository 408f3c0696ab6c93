import { expect, it } from 'vitest';

import type { ColumnRow, StackedRow } from '../../api/types';
import { columnPlaces, stackedPlaces, step } from './rows';

const base: StackedRow = { row: 'base', line: 1, text: '' };
const added: StackedRow = { row: 'added', spans: [], who: [0] };
const authors: StackedRow = { row: 'authors', who: [0], removes: false };

it('a place begins where unchanged lines end', () => {
  expect(stackedPlaces([base, authors, added, base, authors, added, added])).toEqual([1, 4]);
  expect(stackedPlaces([base])).toEqual([]);
  expect(stackedPlaces([])).toEqual([]);
});

it('columns have the same places', () => {
  const line = (cell: 'same' | 'added'): ColumnRow => ({ row: 'line', base: null, left: { cell: 'empty' }, right: cell === 'same' ? { cell, line: 1, text: '' } : { cell, line: 1, spans: [] } });
  expect(columnPlaces([line('same'), line('added'), line('added'), { row: 'gap', from: 1, lines: 3 }, line('added')])).toEqual([1, 4]);
});

it.each([
  [-1, 1, 1],
  [1, 1, 4],
  [4, 1, null],
  [4, -1, 1],
  [1, -1, null],
] as const)('from %i by %i the next place is %s', (from, by, found) => expect(step([1, 4], from, by)).toBe(found));
