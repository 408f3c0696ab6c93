import { expect, it } from 'vitest';

import type { DiffFile } from '../api/types';
import { mostTouched } from './touched';

const file = (path: string, ...touched: DiffFile['touched']): DiffFile => ({ path, touched });

it('the file that most arms touch opens first, the earlier one of equals', () => {
  expect(mostTouched([file('a', 'own', 'none'), file('b', 'own', 'same'), file('c', 'own', 'own')])).toBe('b');
  expect(mostTouched([file('a', 'none'), file('b', 'none')])).toBe('a');
  expect(mostTouched([])).toBe(null);
});
