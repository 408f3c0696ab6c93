import { describe, expect, it } from 'vitest';

import { ar } from './ar';
import { en, type Key } from './en';
import type { Message } from './message';
import { direction, isolate, LOCALES, translate } from './translate';

const keys = Object.keys(en) as Key[];
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const forms = (message: Message) => (typeof message === 'string' ? [message] : Object.values(message));

describe('messages', () => {
  it('are the same set in both languages', () => {
    expect(Object.keys(ar).sort()).toEqual([...keys].sort());
  });

  it.each(keys)('%s is plural in both languages or in none', (key) => {
    expect(typeof ar[key]).toBe(typeof en[key]);
  });

  it('have the plural forms that their language needs, and no other', () => {
    for (const key of keys) {
      const [english, arabic]: [Message, Message] = [en[key], ar[key]];
      if (typeof english !== 'string') expect(Object.keys(english).sort(), key).toEqual(['one', 'other']);
      if (typeof arabic !== 'string') expect(Object.keys(arabic).sort(), key).toEqual(['few', 'many', 'one', 'other', 'two', 'zero']);
    }
  });

  it('fill in the same placeholders; only a plural form that spells the number may leave it out', () => {
    for (const key of keys) {
      const wanted = new Set(forms(en[key]).flatMap(holes));
      const whole = ar[key];
      if (typeof whole === 'string') expect(holes(whole), key).toEqual([...wanted].sort());
      else expect(holes(whole.other).filter((hole) => hole !== 'n'), key).toEqual([...wanted].filter((hole) => hole !== 'n').sort());
      for (const form of forms(whole)) for (const hole of holes(form)) expect(wanted, `${key}: {${hole}}`).toContain(hole);
    }
  });

  it('call a round neither a run nor an attempt in Arabic', () => {
    for (const key of keys.filter((name) => /rounds?\b/.test(name))) expect(forms(ar[key]).join(' '), key).not.toMatch(/جول|شوط/);
  });

  it('have no mark on a last letter, nor between lam and alef: some web views lift the word above its line', () => {
    for (const key of keys) for (const form of forms(ar[key])) expect(form, key).not.toMatch(/[\u064b-\u0652\u0670](?![\u0600-\u06ff])|ل[\u064b-\u0652]+ا/);
  });

  it('are never empty and never left in English', () => {
    for (const key of keys) {
      for (const form of forms(ar[key])) {
        expect(form.trim(), key).not.toBe('');
        if (!/^[{\s×}\w+−,:]*$/.test(form)) expect(form, key).toMatch(/[\u0600-\u06ff]/);
      }
    }
  });
});

describe('a plural', () => {
  it.each([
    [0, 'بلا مهام'],
    [1, 'مهمة واحدة'],
    [2, 'مهمتان'],
    [3, '٣ مهام'],
    [11, '١١ مهمة'],
    [100, '١٠٠ مهمة'],
  ])('of %i tasks in Arabic is %s', (n, text) => expect(translate('ar', 'count.tasks', { n })).toBe(text));

  it.each([
    [0, '0 tasks'],
    [1, '1 task'],
    [1200, '1,200 tasks'],
  ])('of %i tasks in English is %s', (n, text) => expect(translate('en', 'count.tasks', { n })).toBe(text));
});

it('a name of the other direction is isolated, one of its own is not', () => {
  expect(isolate('ar', 'Aster')).toBe('\u2068Aster\u2069');
  expect(isolate('en', 'Aster')).toBe('Aster');
  expect(isolate('en', 'نسخة')).toBe('\u2068نسخة\u2069');
  expect(translate('ar', 'palette.run', { run: 'X' })).toBe('افتح \u2068X\u2069');
  expect(LOCALES).toEqual(['en', 'ar']);
});

it.each([
  ['The first letter decides.', 'ltr'],
  ['ترتيب المناطق غير مضمون.', 'rtl'],
  ['`zone` ترتيب المناطق غير مضمون لذلك سأرفض المنطقة المجهولة', 'rtl'],
  ['مرحبا and then a long English sentence follows here', 'ltr'],
  ['123 +++', 'ltr'],
  ['', 'ltr'],
])('the direction of “%s” is %s', (text, expected) => expect(direction(text)).toBe(expected));
