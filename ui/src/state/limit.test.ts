import { expect, it } from 'vitest';

import { limit } from './limit';

it.each([
  ['', null],
  ['  ', null],
  ['25', 25],
  [' 7 ', 7],
  ['٤٠', 40],
  ['0', undefined],
  ['-3', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['many', undefined],
  ['99999999999999999999', undefined],
] as const)('a limit typed as “%s” is %s', (text, meant) => expect(limit(text)).toBe(meant));
