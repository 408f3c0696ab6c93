/** What the reader is about to run: a folder with an instruction, or a suite. */
import type { Home, PlanPreview, PlanRequest, RepositoryView, RunId, SuiteSummary, TierChoice } from '../api/types';
import { asHostError, type Host, type HostError } from '../host';
import { limit } from './limit';
import { Loaded } from './loaded.svelte';

/** Milliseconds of quiet before what is typed is looked up. */
const QUIET = 300;

/** A request that leaves everything but its suite to the product. */
const AS_USUAL: Omit<PlanRequest, 'suite'> = {
  assistants: [],
  tools: [],
  models: [],
  trials: 1,
  seed: null,
  jobs: null,
  budget_usd: null,
  budget_sec: null,
  budget_requests: null,
  margin: null,
  rounds: null,
  tier: 'best',
};

export class StartController {
  folder = $state('');
  instruction = $state('');
  chosen = $state<string[]>([]);
  trials = $state(1);
  check = $state<string | null>(null);
  uncommitted = $state(false);
  redBase = $state(false);
  /** The isolation that trials must have. */
  tier = $state<TierChoice>('best');
  /** Rounds in a trial at most. */
  rounds = $state(1);
  /** The limit on requests as it is typed. */
  requests = $state('');
  /** Models to cross the chosen with; each chosen is a tool then. */
  models = $state<string[]>([]);
  suite = $state.raw<SuiteSummary | null>(null);
  starting = $state(false);
  refused = $state.raw<HostError | null>(null);
  readonly repository = new Loaded<RepositoryView>();
  readonly preview = new Loaded<PlanPreview>();

  #host: Host;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #limitTimer: ReturnType<typeof setTimeout> | undefined;
  #touched = false;

  constructor(host: Host) {
    this.#host = host;
  }

  readonly ready = $derived(this.repository.value !== null && this.instruction.trim() !== '' && this.chosen.length > 0);

  /** Requests to a model in each trial; `null` without a limit, `undefined` while what is typed is none. */
  readonly limit = $derived(limit(this.requests));

  readonly crossed = $derived(this.models.length > 0);

  /** How many the run would compare; `null` while the pairs of tools and models are not known. */
  readonly count = $derived.by(() => {
    if (!this.crossed) return this.chosen.length;
    return this.preview.loading || this.preview.error !== null ? null : (this.preview.value?.assistants.length ?? null);
  });

  /** Chooses who is ready, once, unless the reader has chosen. */
  offer(home: Home): void {
    if (this.#touched || this.chosen.length > 0) return;
    const ready = home.assistants.filter((assistant) => assistant.hurdle === null);
    const real = ready.filter((assistant) => !assistant.sample);
    this.chosen = (real.length > 0 ? real : ready.slice(0, 3)).map((assistant) => assistant.id);
  }

  toggle(assistant: string): void {
    this.#touched = true;
    this.chosen = this.chosen.includes(assistant) ? this.chosen.filter((id) => id !== assistant) : [...this.chosen, assistant];
    if (this.suite) void this.loadPreview();
  }

  setTrials(trials: number): void {
    this.trials = Math.min(99, Math.max(1, Math.round(trials) || 1));
    if (this.suite) void this.loadPreview();
  }

  /** Takes a model in, or out. */
  toggleModel(model: string): void {
    const name = model.trim();
    if (name === '') return;
    this.models = this.models.includes(name) ? this.models.filter((one) => one !== name) : [...this.models, name];
    void this.loadPreview();
  }

  setTier(tier: TierChoice): void {
    this.tier = tier;
    void this.loadPreview();
  }

  setRounds(rounds: number): void {
    this.rounds = rounds;
    void this.loadPreview();
  }

  setRequests(requests: string): void {
    this.requests = requests;
    clearTimeout(this.#limitTimer);
    if (this.limit !== undefined) this.#limitTimer = setTimeout(() => void this.loadPreview(), QUIET);
  }

  /** Takes a path. What another path named is forgotten at once: nothing can start on it while this one is looked up. */
  setFolder(folder: string): void {
    this.folder = folder;
    clearTimeout(this.#timer);
    this.repository.clear();
    this.check = null;
    if (folder.trim() !== '') this.#timer = setTimeout(() => void this.lookUp(), QUIET);
  }

  async lookUp(): Promise<void> {
    const path = this.folder.trim();
    const found = await this.repository.load(() => this.#host.query({ query: 'repository', path }));
    if (this.repository.error) this.repository.value = null;
    if (found) this.check = found.checks[0]?.run ?? null;
  }

  /** Turns from one instruction to a whole suite, or back with `null`. */
  choose(suite: SuiteSummary | null, home: Home | null): void {
    this.suite = suite;
    this.models = [];
    this.refused = null;
    this.preview.clear();
    if (suite?.sample && home) {
      this.chosen = home.assistants.filter((assistant) => assistant.sample && assistant.hurdle === null).map(({ id }) => id);
    }
    if (suite) void this.loadPreview();
  }

  async loadPreview(): Promise<void> {
    const { suite } = this;
    if (!suite) return;
    await this.preview.load(() => this.#host.query({ query: 'preview', request: this.#plan(suite) }));
  }

  startSuite(suite: SuiteSummary): Promise<RunId | null> {
    return this.#start(() => this.#host.act({ action: 'start_run', request: this.#plan(suite) }));
  }

  /** The bundled sample with every sample assistant, in one click. */
  startSample(): Promise<RunId | null> {
    return this.#start(() => this.#host.act({ action: 'start_run', request: { ...AS_USUAL, suite: 'samples' } }));
  }

  startTry(): Promise<RunId | null> {
    const request = {
      repository: this.repository.value?.path ?? this.folder.trim(),
      instruction: this.instruction.trim(),
      assistants: this.chosen,
      trials: this.trials,
      check: this.check,
      include_uncommitted: this.uncommitted,
      accept_red_base: this.redBase,
      budget_usd: null,
      budget_sec: null,
      budget_requests: null,
      tier: 'best' as const,
    };
    return this.#start(() => this.#host.act({ action: 'start_try', request }));
  }

  #plan(suite: SuiteSummary): PlanRequest {
    return {
      ...AS_USUAL,
      suite: suite.sample ? 'samples' : suite.directory,
      assistants: this.crossed ? [] : this.chosen,
      tools: this.crossed ? this.chosen : [],
      models: this.models,
      trials: this.trials,
      budget_requests: this.limit ?? null,
      rounds: this.rounds,
      tier: this.tier,
    };
  }

  async #start(order: () => Promise<RunId>): Promise<RunId | null> {
    this.starting = true;
    this.refused = null;
    try {
      return await order();
    } catch (thrown) {
      this.refused = asHostError(thrown);
      return null;
    } finally {
      this.starting = false;
    }
  }
}
