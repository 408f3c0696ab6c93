import { describe, expect, it } from 'vitest';

import type { Interval, VerdictPart, VerdictWords } from '../../api/types';
import { type Locale, translate } from '../../i18n/translate';
import { headline, type Language, sentence } from './words';

const name = (id: string) => id.toUpperCase();
const language = (locale: Locale): Language => ({
  t: (key, ...args) => translate(locale, key, ...args),
  list: (names) => names.join(', '),
  points: (share) => String(Math.round(share * 100)),
  percent: (share) => `${Math.round(share * 100)}%`,
});
const by = (estimate: number): Interval => ({ estimate, low: estimate - 0.1, high: estimate + 0.1, level: 0.95, method: 'm', n: 9 });
const more = (better: string, worse: string, matters = true): VerdictPart => ({ part: 'solves_more', better, worse, by: by(0.3), matters });
const open = (a: string, b: string, tasks_needed: number | null = null): VerdictPart => ({ part: 'undecided', a, b, tasks_needed });
const same = (a: string, b: string): VerdictPart => ({ part: 'equivalent', a, b });
const less = (cheaper: string, dearer: string, simulated: boolean, matters = true): VerdictPart => ({ part: 'costs_less', cheaper, dearer, by: by(0.43), simulated, matters });

function says(top: string[], ...parts: VerdictPart[]): string {
  const verdict: VerdictWords = { parts, top, headline: 'never shown', sentences: [], details: [] };
  return headline(verdict, name, language('en')).join(' ');
}

describe('the headline', () => {
  it('leads with what is decided', () =>
    expect(says(['a', 'b'], more('a', 'c'), open('a', 'b'))).toBe('A solves more tasks than C. Which of A, B solves more is undecided.'));
  it('names all that one is ahead of', () => expect(says(['a'], more('a', 'b'), more('a', 'c'))).toBe('A solves more tasks than B, C.'));
  it('says when a lead may not matter', () => expect(says(['a'], more('a', 'b', false))).toMatch(/slightly more tasks than B/));
  it('prefers a lead that matters', () => expect(says(['a'], more('a', 'b', false), more('a', 'c'))).toBe('A solves more tasks than C.'));
  it('calls a group equal only when every pair in it is', () => {
    expect(says(['a', 'b'], same('a', 'b'))).toBe('A, B solve equally many tasks, within the margin.');
    expect(says(['a', 'b', 'c'], same('a', 'b'), open('a', 'c'), open('b', 'c'))).toBe('Which of A, B, C solves more is undecided.');
  });
  it('names a saving among those at the top, and says when it is simulated', () => {
    expect(says(['a', 'b'], less('b', 'a', true), open('a', 'b'))).toBe('B costs 43% less than A (simulated). Which of A, B solves more is undecided.');
    expect(says(['a'], more('a', 'b'), less('b', 'a', false))).toBe('A solves more tasks than B.');
  });
  it('leaves out a saving below the margin that matters', () =>
    expect(says(['a', 'b'], less('b', 'a', false, false), open('a', 'b'))).toBe('Which of A, B solves more is undecided.'));
  it('gives a reason and nothing else when there is no verdict', () =>
    expect(says(['a'], more('a', 'b'), { part: 'withheld', reason: 'one_task' })).toBe('No verdict. One task says nothing about tasks in general.'));
  it('says that there is none when there are no parts', () => expect(says([])).toBe('No verdict.'));
  it('is built in Arabic from the same parts', () =>
    expect(headline({ parts: [more('a', 'b')], top: ['a'], headline: '', sentences: [], details: [] }, name, language('ar')).join(' ')).toBe('يحل \u2068A\u2069 مهام أكثر من \u2068B\u2069.'));
});

describe('a part', () => {
  it.each([
    [more('a', 'b'), 'A is ahead of B by 30 points (95% interval 20 to 40).'],
    [open('a', 'b', 66), 'A and B: undecided; about 66 tasks would settle the margin.'],
    [open('a', 'b'), 'A and B: undecided.'],
    [same('a', 'b'), 'A and B solve equally many, within the margin.'],
    [less('a', 'b', false), 'A costs 43% less than B for each resolved trial (95% interval 33% to 53%).'],
    [less('a', 'b', false, false), 'A costs 43% less than B for each resolved trial (95% interval 33% to 53%). That is less than the margin that matters.'],
  ])('%j', (part, text) => expect(sentence(part, name, language('en'))).toBe(text));
});
