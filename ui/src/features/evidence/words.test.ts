import { describe, expect, it } from 'vitest';

import { took } from './words';

describe('the time of a round', () => {
  it('is not known when its cell died before it said so', () => {
    const infra = { ending: 'infra', fault: 'cell', reason: 'it died' } as const;
    expect(took({ ending: infra, seconds: 0 })).toBeNull();
    expect(took({ ending: infra, seconds: 3 })).toBe(3);
    expect(took({ ending: { ending: 'finished' }, seconds: 0 })).toBe(0);
  });
});
