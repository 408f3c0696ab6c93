/** How a trial or a round ended and what it is worth, in words. */
import type { CostSource, Ending, Outcome, RoundRecord, TrialRecord } from '../../api/types';
import { i18n } from '../../i18n/i18n.svelte';

/** A sentence of ours, and the reason behind it in the words of whoever gave it: a program, an assistant, a task. */
export interface Said {
  text: string;
  reason: string | null;
}

/** Seconds of a round's assistant; `null` when its cell died before it said how many, as `RoundRecord::took` has it. */
export function took({ ending, seconds }: Pick<RoundRecord, 'ending' | 'seconds'>): number | null {
  const evidence = ending.ending !== 'infra' && ending.ending !== 'cancelled';
  return evidence || seconds > 0 ? seconds : null;
}

/** Lines of its stream that could not be read, of all rounds, as `TrialRecord::not_understood` has it. */
export const unread = ({ unparsed, more }: Pick<TrialRecord, 'unparsed' | 'more'>): number => more.reduce((sum, round) => sum + round.unparsed, unparsed);

/** Money with everyone who worked it out. */
export const paid = (usd: number, sources: ReadonlySet<CostSource>): string => `${i18n.money(usd)} (${[...sources].map((source) => i18n.t(`evidence.source.${source}`)).join('; ')})`;

const said = (text: string, reason: string | null = null): Said => ({ text, reason });

export function ended(ending: Ending): Said {
  const text = i18n.t(`evidence.ending.${ending.ending}`);
  return said(text, ending.ending === 'crashed' || ending.ending === 'infra' ? ending.reason : null);
}

export function worth(value: Outcome | null): Said {
  if (value === null) return said(i18n.t('evidence.result.none'));
  switch (value.result) {
    case 'resolved':
    case 'no_diff':
      return said(i18n.t(`evidence.result.${value.result}`));
    case 'unresolved':
      return said(i18n.t('evidence.result.unresolved', { n: value.failed.length }));
    case 'set_aside':
      return said(i18n.t('evidence.result.set_aside', { rule: i18n.t(`evidence.rule.${value.rule}`) }));
    case 'ungraded':
      return said(value.broke.length === 0 ? i18n.t('evidence.result.ungradedClean') : i18n.t('evidence.result.ungraded', { n: value.broke.length }));
    case 'invalid':
      return said(i18n.t('evidence.result.invalid'), value.reason);
  }
}
