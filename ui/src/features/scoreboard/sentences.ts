/** Puts the comparison's own sentences into the reader's language. Pure: codes and figures in, texts out. */
import type { Param, Sentence } from '../../api/types';
import type { Key } from '../../i18n/en';
import type { Args } from '../../i18n/translate';
import { verdictEn } from '../../i18n/verdict';

export interface Teller {
  t<K extends Key>(key: K, ...args: Args<K>): string;
  tell(key: Key, params: Record<string, string>): string;
  list(names: readonly string[]): string;
  number(value: number): string;
  span(seconds: number): string;
  money(usd: number): string;
}

type Code = keyof typeof verdictEn;
const known = (key: string): key is Code => key in verdictEn;

/** What was not fixed before the trials, which stands apart from what is found. */
export const isCaution = ({ code }: Sentence): boolean => code.startsWith('exploratory_');
/** Why there is no verdict, which the headline says already. */
export const isWithheld = ({ code }: Sentence): boolean => code.startsWith('withheld_');
/** A comparison that decided nothing. */
export const isOpen = ({ code }: Sentence): boolean => code.endsWith('_open') || code.startsWith('undecided');
/** A part that has no figure, with the reason. */
export const isUnsaid = ({ code }: Sentence): boolean => code.endsWith('_unsaid');

/** Returns a sentence in words; `null` for a code that this version does not know. */
export function told({ code, params }: Sentence, name: (id: string) => string, say: Teller): string | null {
  const key = `verdict.${code}`;
  if (!known(key)) return null;
  return say.tell(key, Object.fromEntries(Object.entries(params).map(([hole, param]) => [hole, said(param, name, say)])));
}

/** A share as whole points, with a real minus and none before a zero. */
const whole = (share: number, say: Teller) => say.number(Math.round(100 * share) + 0).replace('-', '\u2212');

/** Two places are enough for a ratio, and none of them a zero. */
const ratio = (value: number) => Math.round(100 * value) / 100;

function said(param: Param, name: (id: string) => string, say: Teller): string {
  switch (param.as) {
    case 'names':
      return say.list(param.value.map(name));
    case 'points':
      return say.t('score.points', { n: Math.round(100 * param.value) + 0 });
    case 'bound':
    case 'percent':
      return whole(param.value, say);
    case 'ratio':
      return say.number(ratio(param.value));
    case 'factor':
      return say.t('part.factor', { by: say.number(ratio(param.value)) });
    case 'count':
      return say.number(param.value);
    case 'usd':
      return say.money(param.value);
    case 'hours':
      return say.span(param.value * 3600);
    case 'score':
      return say.t(`evidence.score.${param.value}`);
    case 'kind':
      return say.t(`kind.${param.value}`);
    case 'part':
      return typeof param.value === 'string' ? say.t(`part.${param.value}`) : say.t(`evidence.score.${param.value.score}`);
  }
}
