/** One run: its view, and the live events folded into it once per frame. */
import type { CellState, MapCell, RunStatus, RunView } from '../api/types';
import { asHostError, type Host, type HostError } from '../host';
import { type Frame, keyText, type Lane, LiveFold } from './live';
import { Loaded } from './loaded.svelte';

/** Milliseconds between two questions when the last one brought nothing. */
const IDLE = 250;
/** Milliseconds between two reloads of the sums while trials end. */
const RELOAD = 700;
/** Milliseconds between two looks at a run that another process works on. */
const ELSEWHERE = 1500;

export class RunController {
  readonly id: string;
  readonly view = new Loaded<RunView>();
  lanes = $state.raw<readonly Lane[]>([]);
  preparing = $state.raw<string | null>(null);
  dropped = $state(0);
  /** The reader's clock in milliseconds, moving only while somebody works. */
  now = $state(Date.now());
  asked = $state.raw<'pause' | 'resume' | 'cancel' | 'report' | null>(null);
  refused = $state.raw<HostError | null>(null);
  report = $state.raw<string | null>(null);

  #host: Host;
  #fold = new LiveFold();
  #changes = $state.raw<Frame['cells']>(new Map());
  #status = $state.raw<RunStatus | null>(null);
  #open = false;
  #following = false;
  #over = false;
  #reloadAt = 0;

  constructor(host: Host, id: string) {
    this.#host = host;
    this.id = id;
  }

  readonly cells = $derived.by((): MapCell[] =>
    (this.view.value?.cells ?? []).map((cell) => {
      const change = this.#changes.get(keyText(cell.key));
      return change && isNewer(cell.state, change.state) ? { ...cell, ...change } : cell;
    }),
  );
  readonly status = $derived(this.#status ?? this.view.value?.summary.status ?? null);
  readonly live = $derived(!this.#over && (this.view.value?.summary.live ?? false));
  readonly done = $derived(this.cells.filter((cell) => cell.state !== 'waiting' && cell.state !== 'working').length);

  /** Loads the view and follows the run while it is live; call `close` when the reader leaves. */
  async open(): Promise<void> {
    this.#open = true;
    let view = await this.#load();
    for (let tries = 0; tries < 3 && this.#open && view?.summary.status === 'running' && !view.summary.live; tries++) {
      // Just ordered: the one who works on it may not have taken it up yet.
      await new Promise((done) => setTimeout(done, 4 * IDLE));
      view = await this.#load();
    }
    if (this.#open && view?.summary.live) this.#follow();
  }

  close(): void {
    this.#open = false;
  }

  async act(action: 'pause' | 'resume' | 'cancel'): Promise<void> {
    await this.#order(action, () => this.#host.act({ action, run: this.id }));
    const view = await this.#load();
    if (action === 'resume' && view?.summary.live && !this.#following) {
      this.#over = false;
      this.#follow();
    }
  }

  async writeReport(): Promise<void> {
    const path = await this.#order('report', () => this.#host.act({ action: 'report', run: this.id }));
    if (path !== null) this.report = path;
  }

  async #order<T>(name: 'pause' | 'resume' | 'cancel' | 'report', order: () => Promise<T>): Promise<T | null> {
    this.asked = name;
    this.refused = null;
    try {
      return await order();
    } catch (thrown) {
      this.refused = asHostError(thrown);
      return null;
    } finally {
      this.asked = null;
    }
  }

  async #load(): Promise<RunView | null> {
    const view = await this.view.load(() => this.#host.query({ query: 'run', run: this.id }));
    if (view) this.#status = null;
    return view;
  }

  /** Pulls: one question in flight at most, one commit per frame, slower when nothing comes. */
  #follow(): void {
    this.#following = true;
    const on = () => (this.#following = this.#open && !this.#over);
    const step = async () => {
      if (!on()) return;
      const wait = await this.#pull();
      if (!on()) return;
      if (wait > 0) setTimeout(() => requestAnimationFrame(step), wait);
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  async #pull(): Promise<number> {
    try {
      const { after } = this.#fold;
      const batch = await this.#host.query({ query: 'live', run: this.id, after });
      this.#fold.apply(batch, Date.now());
      // What was dropped before the reader came is in the view; only a gap while watching is worth a word.
      if (after > 0) this.dropped += batch.dropped;
      this.#commit();
      this.now = Date.now();
      if (batch.over) {
        const view = await this.#load();
        // Another process works on it: its events are not here, but the view still moves.
        if (view?.summary.live) return ELSEWHERE;
        this.#over = true;
      } else if (batch.dropped > 0) this.#reloadAt ||= Date.now();
      if (this.#reloadAt !== 0 && Date.now() >= this.#reloadAt) {
        this.#reloadAt = 0;
        void this.#load();
      }
      return batch.events.length === 0 ? IDLE : 0;
    } catch (thrown) {
      this.refused = asHostError(thrown);
      return 4 * IDLE;
    }
  }

  #commit(): void {
    const frame = this.#fold.take();
    if (!frame) return;
    const order = new Map((this.view.value?.assistants ?? []).map((arm, index) => [arm.id, index]));
    const place = (lane: Lane) => order.get(lane.key.assistant) ?? order.size;
    this.lanes = [...frame.lanes].sort((a, b) => place(a) - place(b) || a.opened - b.opened);
    this.#changes = frame.cells;
    this.preparing = frame.preparing;
    if (frame.status !== null) this.#status = frame.status;
    if (frame.ended > 0) this.#reloadAt ||= Date.now() + RELOAD;
  }
}

/** A loaded view may be younger than the events: a trial that is over never goes back to work by an old event. */
function isNewer(seen: CellState, change: CellState): boolean {
  if (change === 'working') return seen === 'waiting' || seen === 'working';
  return seen === 'waiting' || seen === 'working';
}
