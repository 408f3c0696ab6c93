/** The first screen and the list of runs. */
import type { Home, RunSummary } from '../api/types';
import type { Host } from '../host';
import { Loaded } from './loaded.svelte';

export class HomeController {
  readonly home = new Loaded<Home>();
  readonly runs = new Loaded<RunSummary[]>();
  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  loadHome = (): Promise<Home | null> => this.home.load(() => this.#host.query({ query: 'home' }));
  loadRuns = (): Promise<RunSummary[] | null> => this.runs.load(() => this.#host.query({ query: 'runs' }));
}
