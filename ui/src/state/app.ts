/** What every screen can reach: the host and the controllers that outlive a screen. */
import { createContext } from 'svelte';

import type { Host } from '../host';
import type { HomeController } from './home.svelte';
import type { Preferences } from './preferences.svelte';
import type { Router } from './router.svelte';
import type { RunController } from './run.svelte';
import type { StartController } from './start.svelte';

export interface App {
  readonly host: Host;
  readonly router: Router;
  readonly preferences: Preferences;
  readonly home: HomeController;
  readonly start: StartController;
}

export const [useApp, provideApp] = createContext<App>();
/** The run that is open: its header, map and live events are shared by its tabs. */
export const [useRun, provideRun] = createContext<() => RunController>();
