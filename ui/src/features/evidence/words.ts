// How a trial or a round ended and what it is worth, in words.
import type { Ending, Outcome } from '../../api/types';
import { i18n } from '../../i18n/i18n.svelte';

export function ended(ending: Ending): string {
  if (ending.ending === 'crashed' || ending.ending === 'infra') return i18n.t(`evidence.ending.${ending.ending}`, { reason: ending.reason });
  return i18n.t(`evidence.ending.${ending.ending}`);
}

export function worth(value: Outcome | null): string {
  if (value === null) return i18n.t('evidence.result.none');
  switch (value.result) {
    case 'resolved':
    case 'no_diff':
      return i18n.t(`evidence.result.${value.result}`);
    case 'unresolved':
      return i18n.t('evidence.result.unresolved', { n: value.failed.length });
    case 'set_aside':
      return i18n.t('evidence.result.set_aside', { rule: i18n.t(`evidence.rule.${value.rule}`) });
    case 'ungraded':
      return value.broke.length === 0 ? i18n.t('evidence.result.ungradedClean') : i18n.t('evidence.result.ungraded', { n: value.broke.length });
    case 'invalid':
      return i18n.t('evidence.result.invalid', { reason: value.reason });
  }
}
