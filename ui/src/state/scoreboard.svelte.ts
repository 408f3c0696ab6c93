/** What may be concluded from one run. */
import type { Scoreboard, SelfTest } from '../api/types';
import type { Host } from '../host';
import { Loaded } from './loaded.svelte';

export class ScoreboardController {
  readonly run: string;
  readonly board = new Loaded<Scoreboard>();
  readonly check = new Loaded<SelfTest>();
  #host: Host;

  constructor(host: Host, run: string) {
    this.#host = host;
    this.run = run;
  }

  load = (): Promise<Scoreboard | null> => this.board.load(() => this.#host.query({ query: 'scoreboard', run: this.run }));

  /** Compares the run's assistants with themselves, and simulates; takes seconds. */
  selfTest = (): Promise<SelfTest | null> => this.check.load(() => this.#host.query({ query: 'self_test', run: this.run }));
}
