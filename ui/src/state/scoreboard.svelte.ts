/** What may be concluded from one run. */
import type { Scoreboard } from '../api/types';
import type { Host } from '../host';
import { Loaded } from './loaded.svelte';

export class ScoreboardController {
  readonly run: string;
  readonly board = new Loaded<Scoreboard>();
  #host: Host;

  constructor(host: Host, run: string) {
    this.#host = host;
    this.run = run;
  }

  load = (): Promise<Scoreboard | null> => this.board.load(() => this.#host.query({ query: 'scoreboard', run: this.run }));
}
