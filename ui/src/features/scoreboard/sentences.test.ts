import { describe, expect, it } from 'vitest';

import type { Param, Sentence } from '../../api/types';
import { type Locale, tell, translate } from '../../i18n/translate';
import { isCaution, isOpen, type Teller, told } from './sentences';

const name = (id: string) => id.toUpperCase();
const teller = (locale: Locale): Teller => ({
  t: (key, ...args) => translate(locale, key, ...args),
  tell: (key, params) => tell(locale, key, params),
  list: (names) => names.join(' + '),
  number: (value) => String(value),
  span: (seconds) => `${seconds} s`,
  money: (usd) => `$${usd}`,
});
const sentence = (code: string, params: Record<string, Param> = {}): Sentence => ({ code, params });
const says = (code: string, params: Record<string, Param> = {}, locale: Locale = 'en') => told(sentence(code, params), name, teller(locale));

const by: Record<string, Param> = { by: { as: 'points', value: 0.26 }, low: { as: 'bound', value: -0.05 }, high: { as: 'bound', value: 0.4 }, n: { as: 'count', value: 9 } };
const ab: Record<string, Param> = { a: { as: 'names', value: ['a'] }, b: { as: 'names', value: ['b', 'c'] } };

describe('a sentence of the comparison', () => {
  it('is filled with names, points and bounds', () =>
    expect(says('more', { ...ab, ...by })).toBe('A solves more tasks than B + C: 26 points more (95 % interval \u22125 to 40, on 9 tasks).'));
  it('says one point in the singular, and no minus before a zero', () => {
    expect(says('equal_all', { a: { as: 'names', value: ['a'] }, margin: { as: 'points', value: 0.01 } })).toBe('A solve equally many tasks, within 1 point.');
    expect(says('more', { ...ab, ...by, low: { as: 'bound', value: -0.001 } })).toContain('interval 0 to 40');
  });
  it('names money, time, scores and kinds', () => {
    const params: Record<string, Param> = { n: { as: 'count', value: 12 }, margin: { as: 'points', value: 0.1 }, usd: { as: 'usd', value: 4 }, hours: { as: 'hours', value: 2 } };
    expect(says('needed_priced', params)).toBe('About 12 more tasks would detect 10 points with 80 % power: $4 and 7200 s of trials.');
    expect(says('scores_open', { ...ab, score: { as: 'score', value: 'size' } })).toContain('is ahead in Size on tasks');
    expect(says('kind_open', { kind: { as: 'kind', value: 'bug_fix' }, n: { as: 'count', value: 3 } })).toContain('kind bug fix');
  });
  it('is built in Arabic from the same data', () => expect(says('more', { ...ab, ...by }, 'ar')).toMatch(/^يحلّ \u2068A\u2069 مهام أكثر من/));
  it('is nothing when this version does not know it, rather than a riddle', () => expect(says('from_the_future')).toBeNull());
  it('tells cautions and open questions from findings', () => {
    expect([isCaution(sentence('exploratory_no_plan')), isCaution(sentence('more'))]).toEqual([true, false]);
    expect([isOpen(sentence('cost_open')), isOpen(sentence('undecided')), isOpen(sentence('best'))]).toEqual([true, true, false]);
  });
});
