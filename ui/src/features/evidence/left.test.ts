import { describe, expect, it } from 'vitest';

import { record } from '../../../fixtures/trials';
import type { Exchange, Tier } from '../../api/types';
import { asked, exceeded, served, silence, wroteLong } from './left';

const bare = (tier: Tier | null) => ({ traffic: null, contacts: [], tier });
const arm = (sample: boolean, open_network: boolean) => ({ sample, open_network });
const metered = record({ task: 'zero-weight', assistant: 'aster', trial: 1 }, 'resolved');
const [first] = metered.traffic?.exchanges ?? [];
const exchange = (over: Partial<Exchange>): Exchange => ({ ...(first as Exchange), ...over });

describe('a trial of which nothing was seen', () => {
  it('asked for nothing where nothing could be asked for', () => {
    expect(silence(bare('full'), arm(true, false), false)).toBe('none');
    expect(silence(bare('plain'), arm(true, false), false)).toBe('none');
    expect(silence(bare('full'), arm(false, false), false)).toBe('none');
  });
  it('cannot be told where the machine’s network was its own', () => {
    expect(silence(bare('full'), arm(false, true), false)).toBe('blind');
    expect(silence(bare('plain'), arm(false, false), false)).toBe('blind');
    expect(silence(bare('full'), undefined, false)).toBe('blind');
  });
  it('is not known of a further round that came without its isolation', () => {
    expect(silence(bare(null), arm(false, false), true)).toBe('unknown');
    expect(silence(bare(null), arm(false, false), false)).toBe('none');
    expect(silence(bare('full'), arm(false, false), true)).toBe('none');
    expect(silence(bare(null), arm(true, false), true)).toBe('none');
  });
  it('is told by what was seen otherwise', () => expect(silence(metered, arm(false, true), false)).toBe(null));
});

describe('a model', () => {
  it('answered only where it says so, and was asked for where nobody does', () => {
    const all = [exchange({ asked: 'big', served: null }), exchange({ asked: 'big', served: 'small' }), exchange({ asked: null, served: null })];
    expect([served(all), asked(all)]).toEqual([['small'], ['big']]);
    expect([served(all.slice(0, 1)), asked(all.slice(1, 2))]).toEqual([[], []]);
  });
});

describe('a price for some requests', () => {
  const usage = { ...metered.usage, input_uncached: 100, cache_read: 50, cache_write: null };
  it('is shown where a request may have had it', () => {
    const one = { exchanges: [exchange({ usage, cache_write_long: null })], more: 0 };
    expect([exceeded(one, 149), exceeded(one, 150), exceeded({ ...one, more: 1 }, 150)]).toEqual([true, false, true]);
    expect([wroteLong(one), wroteLong({ exchanges: [exchange({ cache_write_long: 1 })], more: 0 })]).toEqual([false, true]);
  });
});
