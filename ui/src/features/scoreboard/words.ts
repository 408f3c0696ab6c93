/** Puts a verdict's parts into sentences of the reader's language. Pure: parts and names in, texts out. */
import type { VerdictPart, VerdictWords } from '../../api/types';
import type { Key } from '../../i18n/en';
import type { Args } from '../../i18n/translate';

export interface Language {
  t<K extends Key>(key: K, ...args: Args<K>): string;
  list(names: readonly string[]): string;
  points(share: number): string;
  percent(share: number): string;
}

type Name = (id: string) => string;
type More = Extract<VerdictPart, { part: 'solves_more' }>;
type Less = Extract<VerdictPart, { part: 'costs_less' }>;

/** One or two sentences that lead with what is decided. */
export function headline(verdict: VerdictWords, name: Name, say: Language): string[] {
  const withheld = verdict.parts.find((part) => part.part === 'withheld');
  if (withheld) return [say.t('score.verdict.withheld'), say.t(`score.withheld.${withheld.reason}`)];

  const sentences: string[] = [];
  const ahead = verdict.parts.filter((part) => part.part === 'solves_more');
  const best = lead(ahead, verdict.top);
  if (best) {
    const params = { a: name(best.who), b: say.list(best.over.map(name)) };
    sentences.push(best.matters ? say.t('score.verdict.more', params) : say.t('score.verdict.slightly', params));
  }
  const cheaper = thrift(verdict);
  if (cheaper) {
    const params = { a: name(cheaper.cheaper), b: name(cheaper.dearer), by: say.percent(cheaper.by.estimate) };
    sentences.push(cheaper.simulated ? say.t('score.verdict.cheaperSimulated', params) : say.t('score.verdict.cheaper', params));
  }
  const level = verdict.top.length > 1 ? verdict.top : [];
  const among = (part: VerdictPart): part is Extract<VerdictPart, { part: 'equivalent' | 'undecided' }> =>
    (part.part === 'equivalent' || part.part === 'undecided') && level.includes(part.a) && level.includes(part.b);
  const open = verdict.parts.filter(among);
  if (open.length > 0) {
    const names = say.list(level.map(name));
    const equal = open.every((part) => part.part === 'equivalent');
    sentences.push(equal ? say.t('score.verdict.equal', { names }) : say.t('score.verdict.undecided', { names }));
  }
  if (sentences.length === 0) sentences.push(say.t('score.verdict.withheld'));
  return sentences;
}

/** The one at the top that is ahead of most, with whom it is ahead of. */
function lead(ahead: readonly More[], top: readonly string[]): { who: string; over: string[]; matters: boolean } | null {
  let best: { who: string; over: string[]; matters: boolean } | null = null;
  for (const who of [...top, ...ahead.map((part) => part.better)]) {
    const wins = ahead.filter((part) => part.better === who);
    const large = wins.filter((part) => part.matters);
    const counted = large.length > 0 ? large : wins;
    const better = best === null || (large.length > 0 && !best.matters) || (large.length > 0 === best.matters && counted.length > best.over.length);
    if (counted.length > 0 && better) best = { who, over: counted.map((part) => part.worse), matters: large.length > 0 };
  }
  return best;
}

/** The largest saving that matters between two at the top: one over somebody who solves less is no news. */
function thrift({ parts, top }: VerdictWords): Less | null {
  const among = parts.filter((part) => part.part === 'costs_less').filter((part) => part.matters && top.includes(part.cheaper) && top.includes(part.dearer));
  return among.reduce<Less | null>((best, part) => (best === null || part.by.estimate > best.by.estimate ? part : best), null);
}

/** One part as a sentence with its figures. */
export function sentence(part: VerdictPart, name: Name, say: Language): string {
  switch (part.part) {
    case 'solves_more': {
      const params = {
        a: name(part.better),
        b: name(part.worse),
        by: say.points(Math.abs(part.by.estimate)).replace(/^[^\p{N}]+/u, ''),
        level: say.percent(part.by.level),
        low: say.points(part.by.low),
        high: say.points(part.by.high),
      };
      return part.matters ? say.t('score.part.more', params) : say.t('score.part.slightly', params);
    }
    case 'equivalent':
      return say.t('score.part.equal', { a: name(part.a), b: name(part.b) });
    case 'undecided': {
      const names = { a: name(part.a), b: name(part.b) };
      return part.tasks_needed === null ? say.t('score.part.undecided', names) : say.t('score.part.needed', { ...names, n: part.tasks_needed });
    }
    case 'costs_less': {
      const params = {
        a: name(part.cheaper),
        b: name(part.dearer),
        by: say.percent(part.by.estimate),
        level: say.percent(part.by.level),
        low: say.percent(part.by.low),
        high: say.percent(part.by.high),
      };
      const text = part.simulated ? say.t('score.part.cheaperSimulated', params) : say.t('score.part.cheaper', params);
      return part.matters ? text : `${text} ${say.t('score.part.small')}`;
    }
    case 'withheld':
      return say.t(`score.withheld.${part.reason}`);
  }
}
