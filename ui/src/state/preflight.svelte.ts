/** Whether a suite's set-up and checks run in a cell here. */
import type { Preflight } from '../api/types';
import type { Host } from '../host';
import { Loaded } from './loaded.svelte';

export class PreflightController {
  readonly found = new Loaded<Preflight[]>();
  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  start = (suite: string): Promise<Preflight[] | null> => this.found.load(() => this.#host.act({ action: 'preflight', suite }));
}
