/** Row heights, the places a reader jumps between, and what of a line is marked. Pure. */
import type { ColumnCell, ColumnRow, Span, StackedRow } from '../../api/types';

export const LINE = 20;
export const HEAD = 28;

export const stackedHeight = (row: StackedRow): number => (row.row === 'authors' || row.row === 'gap' ? HEAD : LINE);

/** The height of a row of two halves in which a line has room for `room` characters and then goes on below. */
export function columnHeight(row: ColumnRow, room: number): number {
  if (row.row === 'gap') return HEAD;
  const lines = (cell: ColumnCell) => Math.max(1, Math.ceil(Math.min(lengthOf(cell), CLIP) / room));
  return LINE * Math.max(lines(row.left), lines(row.right));
}

/** Characters of a line that are drawn unasked. */
export const CLIP = 2000;
const TAB = 4;

function lengthOf(cell: ColumnCell): number {
  switch (cell.cell) {
    case 'empty':
      return 0;
    case 'same':
      return extent(cell.text);
    case 'removed':
    case 'added':
      return extent(cell.spans.map((span) => span.text).join(''));
  }
}

/** Characters wide, a tab reaching to the next stop. */
function extent(text: string): number {
  if (!text.includes('\t')) return text.length;
  let wide = 0;
  for (const char of text) wide += char === '\t' ? TAB - (wide % TAB) : 1;
  return wide;
}

/** The spans of a line without a mark on its indentation: a block of colour before the words says nothing. */
export function unindented(spans: readonly Span[]): readonly Span[] {
  const shown: Span[] = [];
  let indent = true;
  for (const span of spans) {
    const words = indent ? span.text.search(/\S/) : 0;
    const blank = words < 0 ? span.text.length : words;
    if (span.changed && blank > 0) shown.push({ text: span.text.slice(0, blank), changed: false });
    if (blank < span.text.length || !span.changed) shown.push(span.changed && blank > 0 ? { text: span.text.slice(blank), changed: true } : span);
    if (words >= 0) indent = false;
  }
  return shown;
}

/** Indices of the rows where a changed place begins. */
export function stackedPlaces(rows: readonly StackedRow[]): number[] {
  return starts(rows, (row) => row.row === 'authors' || row.row === 'removed' || row.row === 'added');
}

export function columnPlaces(rows: readonly ColumnRow[]): number[] {
  return starts(rows, (row) => row.row === 'line' && (isChange(row.left.cell) || isChange(row.right.cell)));
}

const isChange = (cell: string) => cell === 'added' || cell === 'removed';

function starts<T>(rows: readonly T[], changed: (row: T) => boolean): number[] {
  const found: number[] = [];
  let before = false;
  rows.forEach((row, index) => {
    const now = changed(row);
    if (now && !before) found.push(index);
    before = now;
  });
  return found;
}

/** The place after or before `from`, or `null` at the end. */
export function step(places: readonly number[], from: number, by: 1 | -1): number | null {
  const found = by === 1 ? places.find((place) => place > from) : places.findLast((place) => place < from);
  return found ?? null;
}
