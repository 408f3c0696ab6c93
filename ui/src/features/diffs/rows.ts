/** Row heights, and the places a reader jumps between. Pure. */
import type { ColumnRow, StackedRow } from '../../api/types';

export const LINE = 20;
export const HEAD = 28;

export const stackedHeight = (row: StackedRow): number => (row.row === 'authors' || row.row === 'gap' ? HEAD : LINE);
export const columnHeight = (row: ColumnRow): number => (row.row === 'gap' ? HEAD : LINE);

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
