/** Rows as CSV (RFC 4180); a cell that a spreadsheet would run as a formula is made text. */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(cell).join(',')).join('\r\n');
}

function cell(value: string): string {
  // eslint-disable-next-line no-control-regex -- tab and carriage return start formulas in some spreadsheets
  const safe = /^[=+@\u0009\u000d]|^-(?!\d)/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
