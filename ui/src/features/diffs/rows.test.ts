import { expect, it } from 'vitest';

import type { ColumnCell, ColumnRow, Span, StackedRow } from '../../api/types';
import { columnHeight, columnPlaces, HEAD, LINE, stackedPlaces, step, unindented } from './rows';

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

const marked = (line: string): Span[] => line.split(/(«[^»]*»)/).filter((part) => part !== '').map((part) => (part.startsWith('«') ? { text: part.slice(1, -1), changed: true } : { text: part, changed: false }));

it.each([
  ['«    while» true', '    «while» true'],
  ['  «  »day «+»= 1', '    day «+»= 1'],
  ['«\t»', '\t'],
  ['let« a» = 1', 'let« a» = 1'],
  ['', ''],
])('the marks of %j are drawn as %j', (line, drawn) =>
  expect(unindented(marked(line)).map((span) => (span.changed ? `«${span.text}»` : span.text)).join('')).toBe(drawn),
);

it('a row of columns is as high as its longer half, in lines of the room there is', () => {
  const same = (text: string): ColumnCell => ({ cell: 'same', line: 1, text });
  const high = (left: ColumnCell, right: ColumnCell) => columnHeight({ row: 'line', base: 1, left, right }, 10) / LINE;
  expect(high(same(''), { cell: 'empty' })).toBe(1);
  expect(high(same('x'.repeat(10)), same('x'.repeat(11)))).toBe(2);
  expect(high(same('\t\t\tx'), { cell: 'added', line: 1, spans: marked('«abcdef»ghij') })).toBe(2);
  expect(high(same('x'.repeat(1_000_000)), same(''))).toBe(200);
  expect(columnHeight({ row: 'gap', from: 1, lines: 3 }, 10)).toBe(HEAD);
});
