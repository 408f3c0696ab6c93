/** What the reader chose: language and theme. Kept on this machine; nothing depends on its being kept. */
import { i18n } from '../i18n/i18n.svelte';
import { isLocale, type Locale } from '../i18n/translate';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'fairtrial.preferences';

export class Preferences {
  theme = $state<Theme>('system');
  #dark = window.matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    const kept = read();
    this.theme = kept.theme;
    i18n.locale = kept.locale;
    this.#dark.addEventListener('change', () => this.#show());
    this.#show();
  }

  get locale(): Locale {
    return i18n.locale;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.#keep();
  }

  setLocale(locale: Locale): void {
    i18n.locale = locale;
    this.#keep();
  }

  #keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: this.theme, locale: i18n.locale }));
    } catch {
      // Storage may be off; the choice then lasts until the window closes.
    }
    this.#show();
  }

  #show(): void {
    const root = document.documentElement;
    const dark = this.theme === 'dark' || (this.theme === 'system' && this.#dark.matches);
    root.dataset['theme'] = dark ? 'dark' : 'light';
    root.lang = i18n.locale;
    root.dir = i18n.dir;
  }
}

function read(): { theme: Theme; locale: Locale } {
  const system: { theme: Theme; locale: Locale } = { theme: 'system', locale: navigator.language.startsWith('ar') ? 'ar' : 'en' };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    const { theme, locale } = kept;
    return {
      theme: theme === 'light' || theme === 'dark' ? theme : system.theme,
      locale: isLocale(locale) ? locale : system.locale,
    };
  } catch {
    return system;
  }
}
