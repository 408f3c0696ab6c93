/** The language in use, and everything that reads differently in another one. */
import type { Key } from './en';
import { type Args, type Locale, isolate, TAGS, tell, translate } from './translate';

class I18n {
  locale = $state<Locale>('en');

  get dir(): 'ltr' | 'rtl' {
    return this.locale === 'ar' ? 'rtl' : 'ltr';
  }

  get tag(): string {
    return TAGS[this.locale];
  }

  t = <K extends Key>(key: K, ...args: Args<K>): string => translate(this.locale, key, ...args);

  tell = (key: Key, params: Record<string, string>): string => tell(this.locale, key, params);

  number = (value: number, options?: Intl.NumberFormatOptions): string => new Intl.NumberFormat(this.tag, options).format(value);

  /** A share in [0, 1] as a percentage without decimals. */
  percent = (share: number): string => this.number(share, { style: 'percent', maximumFractionDigits: 0 });

  /** A difference of shares in percentage points, with its sign. */
  points = (share: number): string => this.number(Math.round(share * 100) + 0, { signDisplay: 'exceptZero' });

  money = (usd: number): string =>
    this.number(usd, {
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: 2,
      maximumFractionDigits: usd !== 0 && Math.abs(usd) < 0.1 ? 3 : 2,
    });

  /** Tokens, bytes: a large count in few characters. */
  compact = (count: number): string => this.number(count, { notation: 'compact', maximumFractionDigits: 1 });

  /** Seconds as a clock: 1:42. */
  clock = (seconds: number): string => {
    const whole = Math.max(0, Math.floor(seconds));
    const two = { minimumIntegerDigits: 2, useGrouping: false };
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return h > 0
      ? `${this.number(h)}:${this.number(m, two)}:${this.number(s, two)}`
      : `${this.number(m)}:${this.number(s, two)}`;
  };

  /** Seconds in the unit that fits: 40 sec, 12 min, 3.5 hr. */
  span = (seconds: number): string => {
    const unit = (value: number, unit: string, digits = 0) =>
      this.number(value, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits });
    if (seconds < 10) return unit(seconds, 'second', 1);
    if (seconds < 90) return unit(Math.round(seconds), 'second');
    if (seconds < 5400) return unit(Math.round(seconds / 60), 'minute');
    return unit(seconds / 3600, 'hour', 1);
  };

  /** A moment (RFC 3339) as a distance from `now`. */
  ago = (moment: string, now: number): string => {
    const then = Date.parse(moment);
    if (Number.isNaN(then)) return moment;
    const seconds = (then - now) / 1000;
    const format = new Intl.RelativeTimeFormat(this.tag, { numeric: 'auto', style: 'short' });
    const steps: [Intl.RelativeTimeFormatUnit, number, number][] = [
      ['second', 1, 60],
      ['minute', 60, 3600],
      ['hour', 3600, 86_400],
      ['day', 86_400, 30 * 86_400],
      ['month', 30 * 86_400, 365 * 86_400],
    ];
    for (const [unit, size, below] of steps) {
      if (Math.abs(seconds) < below) return format.format(Math.round(seconds / size), unit);
    }
    return format.format(Math.round(seconds / (365 * 86_400)), 'year');
  };

  date = (moment: string): string => {
    const then = Date.parse(moment);
    if (Number.isNaN(then)) return moment;
    return new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium', timeStyle: 'short' }).format(then);
  };

  /** Names in a row: A, B and C. */
  list = (names: readonly string[]): string =>
    new Intl.ListFormat(this.tag, { type: 'conjunction' }).format(names.map((name) => isolate(this.locale, name)));
}

export const i18n = new I18n();
