/** How a trial or a round ended and what it is worth, in words. */
import type { CellState, CostSource, Ending, Outcome, RoundRecord } from '../../api/types';
import { i18n } from '../../i18n/i18n.svelte';

/** A sentence of ours, and the reason behind it in the words of whoever gave it: a program, an assistant, a task. */
export interface Said {
  text: string;
  reason: string | null;
}

/** What a round's chip says: as its trial's would in the map. */
export function stateOf({ ending, outcome }: Pick<RoundRecord, 'ending' | 'outcome'>): CellState {
  if (outcome?.result === 'set_aside') return 'set_aside';
  if (outcome === null || outcome.result === 'invalid') return 'not_evidence';
  if (ending.ending === 'timed_out' || ending.ending === 'stalled') return 'timed_out';
  return outcome.result;
}

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
