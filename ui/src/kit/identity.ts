/**
 * Who is who: a letter, a hue and a shape for up to eight assistants, so that none of the three is needed alone.
 * Red, green and amber are not among the hues: they mean something.
 */
import type { ArmView } from '../api/types';

export interface Identity {
  readonly id: string | null;
  readonly title: string;
  /** Empty for one who cannot take part. */
  readonly letter: string;
  /** 0 to 7, or `ref` for the reference. */
  readonly hue: number | 'ref';
  readonly sample: boolean;
  /** Works with its user's own login: less isolated. */
  readonly ownLogin?: boolean;
}

export const HUES = 8;

type Named = Pick<ArmView, 'id' | 'title' | 'sample'> & Partial<Pick<ArmView, 'own_login'>>;

/** Gives each arm its marks; letters are the names' initials where those differ. */
export function identities(arms: readonly Named[]): Identity[] {
  const taken = new Set<string>();
  return arms.map(({ id, title, sample, own_login }, index) => {
    const letter = letterFor(title, taken);
    taken.add(letter);
    return { id, title, letter, hue: index % HUES, sample, ...(own_login === true ? { ownLogin: true } : {}) };
  });
}

function letterFor(title: string, taken: ReadonlySet<string>): string {
  const own = [...title.toUpperCase()].filter((char) => /\p{L}/u.test(char));
  const all = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  return [...own, ...all].find((letter) => !taken.has(letter)) ?? '?';
}

/**
 * Gives marks before there is a run: the chosen have those that their run will give them, the other ready ones follow,
 * samples among themselves while none is chosen. One who cannot start has no letter.
 */
export function prospects(found: readonly (Named & { hurdle: string | null })[], chosen: readonly string[]): Identity[] {
  const ready = found.filter((one) => one.hurdle === null);
  const first = chosen.flatMap((id) => ready.find((one) => one.id === id) ?? []);
  const rest = ready.filter((one) => !chosen.includes(one.id));
  const apart = first.length > 0 && !first.some((one) => one.sample);
  return [
    ...identities([...first, ...rest.filter((one) => !apart || !one.sample)]),
    ...(apart ? identities(rest.filter((one) => one.sample)) : []),
    ...found.filter((one) => one.hurdle !== null).map(({ id, title, sample }): Identity => ({ id, title, letter: '', hue: 'ref', sample })),
  ];
}

export const referenceIdentity = (title: string): Identity => ({ id: null, title, letter: 'R', hue: 'ref', sample: false });

/** Finds an identity; somebody unknown keeps a name and gets neutral marks. */
export function who(all: readonly Identity[], id: string | null): Identity {
  return all.find((one) => one.id === id) ?? { id, title: id ?? '?', letter: '?', hue: 'ref', sample: false };
}
