/** Messages into text: placeholders, plural forms, and isolation of names in mixed directions. Pure. */
import { ar } from './ar';
import { en, type Key } from './en';
import type { Message } from './message';

export type Locale = 'en' | 'ar';
export const LOCALES: readonly Locale[] = ['en', 'ar'];
export const isLocale = (value: unknown): value is Locale => value === 'en' || value === 'ar';

type Holes<S> = S extends `${string}{${infer P}}${infer R}` ? P | Holes<R> : never;
type Wanted<M> = M extends string ? Holes<M> : M extends { other: infer O } ? Holes<O> | 'n' : never;
/** The placeholders that a message needs, worked out from its English text. */
export type Params<K extends Key> = { [P in Wanted<(typeof en)[K]>]: string | number };
export type Args<K extends Key> = Wanted<(typeof en)[K]> extends never ? [] : [params: Params<K>];

export const TAGS: Record<Locale, string> = { en: 'en-GB', ar: 'ar-u-nu-arab' };
const TABLES: Record<Locale, Record<Key, Message>> = { en, ar };

const rules: Record<Locale, Intl.PluralRules> = { en: new Intl.PluralRules('en'), ar: new Intl.PluralRules('ar') };
const numbers: Record<Locale, Intl.NumberFormat> = {
  en: new Intl.NumberFormat(TAGS.en),
  ar: new Intl.NumberFormat(TAGS.ar),
};

export function translate<K extends Key>(locale: Locale, key: K, ...args: Args<K>): string {
  const params = (args[0] ?? {}) as Record<string, string | number>;
  return fill(locale, pick(locale, TABLES[locale][key], params['n']), params);
}

/** Puts a message whose key comes from data into words; its figures are texts already. */
export const tell = (locale: Locale, key: Key, params: Record<string, string>): string => fill(locale, pick(locale, TABLES[locale][key], undefined), params);

function pick(locale: Locale, message: Message, n: string | number | undefined): string {
  if (typeof message === 'string') return message;
  return message[rules[locale].select(Number(n ?? 0))] ?? message.other;
}

function fill(locale: Locale, text: string, params: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = params[name];
    if (value === undefined) return hole;
    return typeof value === 'number' ? numbers[locale].format(value) : isolate(locale, value);
  });
}

const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Wraps a foreign-direction text so that it cannot disturb the sentence around it. */
export function isolate(locale: Locale, text: string): string {
  return (RTL.test(text) ? locale === 'ar' : locale === 'en') || text === '' ? text : `\u2068${text}\u2069`;
}

/** The direction of a block of prose: its first strong character decides, unless most letters disagree. */
export function direction(text: string): 'ltr' | 'rtl' {
  const head = text.slice(0, 2000);
  const right = head.match(/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/g)?.length ?? 0;
  if (right === 0) return 'ltr';
  const left = head.match(/[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff]/g)?.length ?? 0;
  const first = /[A-Za-z\u00c0-\u024f\u0370-\u04ff\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.exec(head)?.[0] ?? 'a';
  const opens = RTL.test(first) ? 'rtl' : 'ltr';
  const most = right > left ? 'rtl' : 'ltr';
  const lopsided = Math.max(left, right) > 2 * Math.min(left, right);
  return lopsided ? most : opens;
}
