/**
 * Folds live events into lanes and map cells, outside reactive state.
 *
 * **Invariant:** events are applied in order and once; a batch that overlaps the one before changes nothing twice.
 */
import type { CellState, Cost, EventKind, LiveBatch, Phase, RunEvent, RunStatus, TrialKey, TrialRecord } from '../api/types';

export type ItemKind = 'text' | 'thinking' | 'tool' | 'notice' | 'stderr' | 'retry' | 'unparsed' | 'dropped' | 'ended' | 'lost';

export interface LaneItem {
  /** Unique in its lane and never reused, to key rows by. */
  readonly id: number;
  readonly at: number;
  readonly kind: ItemKind;
  readonly text: string;
  /** For a tool: whether it says that it worked; `null` while it has not. */
  readonly ok: boolean | null;
  /** For a tool: the call's id, to find it when the result comes. */
  readonly call: string | null;
}

export interface Lane {
  readonly id: string;
  readonly key: TrialKey;
  readonly attempt: number;
  /** From 1: how often it was told what failed and went on. */
  readonly round: number;
  readonly phase: Phase | null;
  readonly state: CellState;
  /** When the attempt started and when it last said something, on the reader's clock in milliseconds. */
  readonly opened: number;
  readonly heard: number;
  readonly items: readonly LaneItem[];
  /** Items that are no longer held here. */
  readonly earlier: number;
  readonly tokens: number | null;
  readonly cost: Cost | null;
  /** Seconds it took, once it is over. */
  readonly seconds: number | null;
}

export interface CellChange {
  readonly state: CellState;
  readonly phase: Phase | null;
}

/** What changed since the last frame. */
export interface Frame {
  readonly lanes: readonly Lane[];
  readonly cells: ReadonlyMap<string, CellChange>;
  readonly preparing: string | null;
  readonly status: RunStatus | null;
  /** Trials that ended in this frame: the view's sums are out of date. */
  readonly ended: number;
}

/** The most items that a lane holds; the trial's evidence has them all. */
export const LANE_ITEMS = 300;

export const keyText = (key: TrialKey): string => `${key.task}/${key.assistant}/${key.trial}`;

type Open = { -readonly [K in keyof Lane]: Lane[K] } & { items: LaneItem[] };

export class LiveFold {
  /** The number to ask from next. */
  after = 0;
  #lanes = new Map<string, Open>();
  #cells = new Map<string, CellChange>();
  #preparing: string | null = null;
  #status: RunStatus | null = null;
  #ended = 0;
  #dirty = false;
  #item = 0;

  /** Takes a batch in. `now` is the reader's clock in milliseconds. */
  apply(batch: LiveBatch, now: number): void {
    for (const { seq, event } of batch.events) {
      if (seq <= this.after) continue;
      this.after = seq;
      this.#event(event, now);
      this.#dirty = true;
    }
    this.after = Math.max(this.after, batch.next);
  }

  /** Returns what to show, or `null` when nothing changed since the last call. */
  take(): Frame | null {
    if (!this.#dirty) return null;
    this.#dirty = false;
    const lanes = [...this.#lanes.values()].map((lane) => ({ ...lane, items: lane.items.slice() }));
    const frame = { lanes, cells: new Map(this.#cells), preparing: this.#preparing, status: this.#status, ended: this.#ended };
    this.#ended = 0;
    return frame;
  }

  #event(event: RunEvent, now: number): void {
    switch (event.type) {
      case 'task_preparing':
        this.#preparing = event.task;
        return;
      case 'task_ready':
        if (this.#preparing === event.task) this.#preparing = null;
        return;
      case 'trial_started':
        this.#open(event.key, event.attempt, now);
        return;
      case 'round_started': {
        const lane = this.#lane(event.key, now);
        lane.round = event.round;
        lane.phase = null;
        lane.heard = now;
        this.#cells.set(lane.id, { state: 'working', phase: null });
        return;
      }
      case 'trial_phase': {
        const lane = this.#lane(event.key, now);
        lane.phase = event.phase;
        lane.heard = now;
        this.#cells.set(lane.id, { state: 'working', phase: event.phase });
        return;
      }
      case 'trial_event': {
        const lane = this.#lane(event.key, now);
        lane.opened = Math.min(lane.opened, now - event.at_ms);
        lane.heard = now;
        this.#say(lane, event.at_ms, event.kind);
        return;
      }
      case 'attempt_lost': {
        const lane = this.#lane(event.key, now);
        this.#push(lane, now - lane.opened, 'lost', event.reason);
        return;
      }
      case 'trial_finished':
        this.#close(event.trial, now);
        return;
      case 'status_changed':
        this.#status = event.status;
        return;
    }
  }

  #open(key: TrialKey, attempt: number, now: number): Open {
    const id = keyText(key);
    for (const [other, lane] of this.#lanes) {
      if (lane.key.assistant === key.assistant && (lane.state !== 'working' || other === id)) this.#lanes.delete(other);
    }
    const lane: Open = {
      id,
      key,
      attempt,
      round: 1,
      phase: null,
      state: 'working',
      opened: now,
      heard: now,
      items: [],
      earlier: 0,
      tokens: null,
      cost: null,
      seconds: null,
    };
    this.#lanes.set(id, lane);
    this.#cells.set(id, { state: 'working', phase: null });
    return lane;
  }

  /** An event may come without its start: the queue is bounded and drops the oldest. */
  #lane(key: TrialKey, now: number): Open {
    return this.#lanes.get(keyText(key)) ?? this.#open(key, 1, now);
  }

  #close(trial: TrialRecord, now: number): void {
    const lane = this.#lane(trial.key, now);
    const state = stateOf(trial);
    lane.state = state;
    lane.phase = null;
    lane.round = trial.more.at(-1)?.round ?? 1;
    lane.seconds = trial.more.reduce((sum, round) => sum + round.seconds, trial.seconds);
    lane.cost = trial.more.map(({ cost }) => cost).reduce(added, trial.cost) ?? (trial.more.length === 0 ? lane.cost : null);
    this.#cells.set(lane.id, { state, phase: null });
    this.#ended += 1;
  }

  #say(lane: Open, at: number, kind: EventKind): void {
    switch (kind.type) {
      case 'text':
      case 'thinking':
      case 'notice':
        return this.#push(lane, at, kind.type, kind.text);
      case 'tool_call':
        return this.#push(lane, at, 'tool', kind.title === '' ? kind.name : kind.title, kind.id);
      case 'tool_result': {
        const index = lane.items.findLastIndex((item) => item.call === kind.id);
        const call = lane.items[index];
        if (call) lane.items[index] = { ...call, ok: kind.ok };
        return;
      }
      case 'usage': {
        const { input_uncached, cache_read, cache_write, output, reasoning } = kind.usage;
        const known = [input_uncached, cache_read, cache_write, output, reasoning].filter((count) => count !== null);
        lane.tokens = known.length === 0 ? lane.tokens : known.reduce((sum, count) => sum + count, 0);
        lane.cost = kind.cost ?? lane.cost;
        return;
      }
      case 'retry':
        return this.#push(lane, at, 'retry', kind.message);
      case 'stderr':
        return this.#push(lane, at, 'stderr', kind.line);
      case 'unparsed':
        return this.#push(lane, at, 'unparsed', kind.line);
      case 'dropped':
        return this.#push(lane, at, 'dropped', String(kind.bytes));
      case 'ended':
        return this.#push(lane, at, 'ended', kind.end.how === 'error' ? kind.end.message : kind.end.how);
      case 'started':
        return;
    }
  }

  #push(lane: Open, at: number, kind: ItemKind, text: string, call: string | null = null): void {
    lane.items.push({ id: ++this.#item, at, kind, text, ok: null, call });
    const over = lane.items.length - LANE_ITEMS;
    if (over <= 0) return;
    lane.items.splice(0, over);
    lane.earlier += over;
  }
}

/** What is unknown makes the sum unknown, and what is simulated makes it simulated. */
function added(sum: Cost | null, more: Cost | null): Cost | null {
  if (sum === null || more === null) return null;
  return { usd: sum.usd + more.usd, source: more.source === 'simulated' ? 'simulated' : sum.source };
}

/** What a trial's glyph says: the same as `Became` in `fairtrial-domain`. */
export function stateOf(trial: Pick<TrialRecord, 'ending' | 'outcome'>): CellState {
  const { ending, outcome } = trial;
  if (ending.ending === 'cancelled' || ending.ending === 'infra' || outcome === null) return 'not_evidence';
  if (outcome.result === 'invalid') return 'not_evidence';
  if (outcome.result === 'set_aside') return 'set_aside';
  if (outcome.result === 'ungraded') return 'ungraded';
  if (ending.ending === 'timed_out' || ending.ending === 'stalled') return 'timed_out';
  // Solved by an assistant that did not end by itself is not solved.
  if (outcome.result === 'resolved' && ending.ending !== 'finished') return 'unresolved';
  return outcome.result;
}
