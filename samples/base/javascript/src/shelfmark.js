// The order on the shelves.

const PATTERN = /^([A-Za-z]+) (\d+)(?:\.(\d+))?([A-Za-z]?)$/;

/**
 * Reads a shelfmark such as `GA 12.3b`: an area, a bay, perhaps a board, perhaps a letter.
 * Throws a RangeError for anything else.
 */
export function parseShelfmark(text) {
  const match = PATTERN.exec(text);
  if (!match) throw new RangeError(`not a shelfmark: ${text}`);
  const [, area, bay, board, letter] = match;
  return { area: area.toUpperCase(), bay: Number(bay), board: Number(board ?? 0), letter: letter.toLowerCase() };
}

/**
 * Orders two shelfmarks for `sort`: by area, then bay and board as numbers, then letter; case does
 * not matter, and a missing board or letter comes first. Tools without a place (null) come last.
 */
export function compareShelfmarks(a, b) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const left = parseShelfmark(a);
  const right = parseShelfmark(b);
  if (left.area !== right.area) return left.area < right.area ? -1 : 1;
  if (left.bay !== right.bay) return left.bay - right.bay;
  if (left.board !== right.board) return left.board - right.board;
  if (left.letter !== right.letter) return left.letter < right.letter ? -1 : 1;
  return 0;
}
