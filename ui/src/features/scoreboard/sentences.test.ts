import { describe, expect, it } from 'vitest';

import type { Param, Sentence } from '../../api/types';
import { type Locale, tell, translate } from '../../i18n/translate';
import { isCaution, isOpen, isUnsaid, type Teller, told } from './sentences';

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
    expect(says('more', { ...ab, ...by })).toBe('A solves more tasks than B + C: 26 points more (95% interval \u22125 to 40, on 9 tasks).'));
  it('says one point in the singular, and no minus before a zero', () => {
    expect(says('equal_all', { a: { as: 'names', value: ['a'] }, margin: { as: 'points', value: 0.01 } })).toBe('A solve equally many tasks, within 1 point.');
    expect(says('more', { ...ab, ...by, low: { as: 'bound', value: -0.001 } })).toContain('interval 0 to 40');
  });
  it('names money, time, scores and kinds', () => {
    const params: Record<string, Param> = { n: { as: 'count', value: 12 }, margin: { as: 'points', value: 0.1 }, usd: { as: 'usd', value: 4 }, hours: { as: 'hours', value: 2 } };
    expect(says('needed_priced', params)).toBe('About 12 more tasks would detect 10 points with 80% power: $4 and 7200 s of trials.');
    expect(says('scores_open', { ...ab, score: { as: 'score', value: 'size' } })).toContain('is ahead in Size on tasks');
    expect(says('kind_open', { kind: { as: 'kind', value: 'bug_fix' }, n: { as: 'count', value: 3 } })).toContain('kind bug fix');
  });
  it('says of a part that it is equal within its margin, a factor for cost and points for a score', () => {
    const cost: Record<string, Param> = { ...ab, part: { as: 'part', value: 'cost_per_solved' }, margin: { as: 'factor', value: 1.25 }, low: { as: 'ratio', value: 0.904 }, high: { as: 'ratio', value: 1.1 }, n: { as: 'count', value: 9 } };
    expect(says('part_equal', cost)).toBe('A and B + C are equal in cost per solved task, within a factor of 1.25 (95% interval 0.9 to 1.1, on 9 tasks).');
    const size: Record<string, Param> = { ...ab, ...by, part: { as: 'part', value: { score: 'size' } }, margin: { as: 'points', value: 0.1 } };
    expect(says('part_equal', size)).toBe('A and B + C are equal in Size, within 10 points (95% interval \u22125 to 40, on 9 tasks).');
    expect(says('part_equal', cost, 'ar')).toContain('معامل');
  });
  it('says what settling a part would take, and that a cost is not known', () => {
    const open: Record<string, Param> = { ...ab, part: { as: 'part', value: 'time' }, margin: { as: 'factor', value: 1.25 }, n: { as: 'count', value: 31 }, hours: { as: 'hours', value: 2 } };
    expect(says('part_hours_open', open)).toBe(
      'Whether A or B + C is better in time is undecided. About 31 more tasks would detect a factor of 1.25 with 80% power: 7200 s of trials, at a cost that is not known.',
    );
    expect(says('part_price_open', { ...open, usd: { as: 'usd', value: 4 } }, 'ar')).toContain('$4');
  });
  it('is built in Arabic from the same data', () => expect(says('more', { ...ab, ...by }, 'ar')).toMatch(/^يحل \u2068A\u2069 مهام أكثر من/));
  it('is nothing when this version does not know it, rather than a riddle', () => expect(says('from_the_future')).toBeNull());
  it('tells cautions and open questions from findings', () => {
    expect([isCaution(sentence('exploratory_no_plan')), isCaution(sentence('more'))]).toEqual([true, false]);
    expect([isOpen(sentence('cost_open')), isOpen(sentence('undecided')), isOpen(sentence('best'))]).toEqual([true, true, false]);
    expect([isUnsaid(sentence('cost_few_unsaid')), isUnsaid(sentence('cost_open')), isUnsaid(sentence('costs_less'))]).toEqual([true, false, false]);
  });
});
