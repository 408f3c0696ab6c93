/** One trial's evidence; its events come by the page. */
import type { Event, TrialKey, TrialView } from '../api/types';
import { asHostError, type Host, type HostError } from '../host';
import { Loaded } from './loaded.svelte';

/** Events asked for at once. */
const PAGE = 200;

export class TrialController {
  readonly run: string;
  readonly trial = new Loaded<TrialView>();
  events = $state.raw<readonly Event[]>([]);
  loadingMore = $state(false);
  refused = $state.raw<HostError | null>(null);
  #host: Host;

  constructor(host: Host, run: string) {
    this.#host = host;
    this.run = run;
  }

  async open(key: TrialKey): Promise<void> {
    this.events = [];
    this.refused = null;
    const trial = await this.trial.load(() => this.#host.query({ query: 'trial', run: this.run, key }));
    if (trial) this.events = trial.events;
  }

  async more(): Promise<void> {
    const trial = this.trial.value;
    if (!trial || this.loadingMore || this.events.length >= trial.events_total) return;
    this.loadingMore = true;
    try {
      const { key } = trial.record;
      const page = await this.#host.query({ query: 'events', run: this.run, key, from: this.events.length, count: PAGE });
      if (this.trial.value === trial) this.events = [...this.events, ...page];
    } catch (thrown) {
      this.refused = asHostError(thrown);
    } finally {
      this.loadingMore = false;
    }
  }
}
