/** What may be said of what left the machine in a trial. Pure. */
import type { ArmView, Exchange, Traffic, TrialRecord } from '../../api/types';

/** Files and models that are listed; the rest is counted. */
export const MOST = 100;

/** What was seen of a round's network. */
export type Seen = Pick<TrialRecord, 'traffic' | 'contacts' | 'tier'>;

/**
 * Says why nothing is listed: `none` left, or we were `blind`. Only a sample, which asks nobody, and a cell whose
 * network was not the machine's own can be said to have asked for nothing. Of a further round without an isolation it is
 * `unknown`: older records kept neither. `null` where something is listed.
 */
export function silence(seen: Seen, arm: Pick<ArmView, 'sample' | 'open_network'> | undefined, further: boolean): 'none' | 'blind' | 'unknown' | null {
  if (seen.traffic !== null || seen.contacts.length > 0) return null;
  if (arm?.sample) return 'none';
  if (further && seen.tier === null) return 'unknown';
  return arm === undefined || arm.open_network || seen.tier === 'plain' ? 'blind' : 'none';
}

/** The models that say they served; what was asked for is not among them unless one did. */
export const served = (exchanges: readonly Exchange[]): string[] => names(exchanges.map((one) => one.served));

/** The models asked for where nobody said who served, so that none is named twice. */
export const asked = (exchanges: readonly Exchange[]): string[] => names(exchanges.filter((one) => one.served === null).map((one) => one.asked));

const names = (all: readonly (string | null)[]): string[] => [...new Set(all.filter((one) => one !== null))];

/** Whether a request may have written to a cache that keeps for an hour: one did, or some are not listed. */
export const wroteLong = ({ exchanges, more }: Pick<Traffic, 'exchanges' | 'more'>): boolean => more > 0 || exchanges.some((one) => (one.cache_write_long ?? 0) > 0);

/** Whether a request may have had more input than this, cache included: one had, or some are not listed. */
export const exceeded = ({ exchanges, more }: Pick<Traffic, 'exchanges' | 'more'>, tokens: number): boolean =>
  more > 0 || exchanges.some(({ usage }) => (usage.input_uncached ?? 0) + (usage.cache_read ?? 0) + (usage.cache_write ?? 0) > tokens);
