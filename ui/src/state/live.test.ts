import { describe, expect, it } from 'vitest';

import { record } from '../../fixtures/trials';
import type { CellState, Ending, EventKind, LiveBatch, Outcome, RunEvent, TrialKey } from '../api/types';
import { keyText, LANE_ITEMS, LiveFold, stateOf } from './live';

const aster: TrialKey = { task: 't', assistant: 'aster', trial: 1 };
const again: TrialKey = { ...aster, trial: 2 };

function batch(first: number, ...events: RunEvent[]): LiveBatch {
  return { events: events.map((event, index) => ({ seq: first + index, event })), next: first + events.length - 1, dropped: 0, over: false };
}
const says = (key: TrialKey, at_ms: number, kind: EventKind): RunEvent => ({ type: 'trial_event', key, at_ms, kind });
const text = (words: string): EventKind => ({ type: 'text', text: words });
const started = (key: TrialKey): RunEvent => ({ type: 'trial_started', key, attempt: 1 });

/** Folds the events in and returns the frame that a reader would see. */
function fold(...events: RunEvent[]) {
  const live = new LiveFold();
  live.apply(batch(1, ...events), 100_000);
  return live.take()!;
}

describe('the live fold', () => {
  it('opens a lane per trial at work and marks its cell', () => {
    const frame = fold(started(aster), { type: 'trial_phase', key: aster, phase: 'working' }, says(aster, 2000, text('hello')));
    expect(frame.lanes.map(({ key, phase, state }) => ({ key, phase, state }))).toEqual([{ key: aster, phase: 'working', state: 'working' }]);
    expect(frame.lanes[0]!.items.map((item) => item.text)).toEqual(['hello']);
    expect(frame.cells.get(keyText(aster))).toEqual({ state: 'working', phase: 'working' });
  });

  it('applies each event once, also when batches overlap', () => {
    const live = new LiveFold();
    live.apply(batch(1, started(aster), says(aster, 1, text('one'))), 0);
    live.apply(batch(2, says(aster, 1, text('one')), says(aster, 2, text('two'))), 0);
    expect(live.take()!.lanes[0]!.items.map((item) => item.text)).toEqual(['one', 'two']);
    expect(live.after).toBe(3);
  });

  it('gives one frame for many events, and none when nothing came', () => {
    const live = new LiveFold();
    for (let seq = 1; seq <= 500; seq++) live.apply(batch(seq, says(aster, seq, text(String(seq)))), seq);
    expect(live.take()!.lanes[0]!.items).toHaveLength(LANE_ITEMS);
    expect(live.take()).toBeNull();
  });

  it('holds a bounded tail and says how much came before it', () => {
    const events = Array.from({ length: LANE_ITEMS + 7 }, (_, index) => says(aster, index, text(String(index))));
    const lane = fold(...events).lanes[0]!;
    expect([lane.items.length, lane.earlier, lane.items[0]!.text]).toEqual([LANE_ITEMS, 7, '7']);
  });

  it('shows a frame that later events do not change', () => {
    const live = new LiveFold();
    live.apply(batch(1, says(aster, 1, text('one'))), 0);
    const before = live.take()!;
    live.apply(batch(2, says(aster, 2, text('two'))), 0);
    expect(before.lanes[0]!.items).toHaveLength(1);
  });

  it('opens a lane also when its start was dropped from the queue', () => {
    expect(fold(says(aster, 5000, text('late'))).lanes[0]!.opened).toBe(95_000);
  });

  it('ties a result to its call', () => {
    const call: EventKind = { type: 'tool_call', id: 'c', name: 'run', kind: 'execute', title: 'make' };
    const failed: EventKind = { type: 'tool_result', id: 'c', ok: false, output: 'no' };
    expect(fold(says(aster, 1, call), says(aster, 2, failed)).lanes[0]!.items.map(({ text, ok }) => ({ text, ok }))).toEqual([{ text: 'make', ok: false }]);
  });

  it('keeps what is unknown unknown', () => {
    const usage = { input_uncached: null, cache_read: null, cache_write: null, output: null, reasoning: null, requests: null, credits: null, source: 'unknown' as const };
    const lane = fold(says(aster, 1, { type: 'usage', usage, cost: null })).lanes[0]!;
    expect([lane.tokens, lane.cost]).toEqual([null, null]);
  });

  it('adds up the tokens that are known, counting none twice', () => {
    const usage = { input_uncached: 10, cache_read: 20, cache_write: null, output: 5, reasoning: 0, requests: 2, credits: null, source: 'stream' as const };
    expect(fold(says(aster, 1, { type: 'usage', usage, cost: null })).lanes[0]!.tokens).toBe(35);
  });

  it('keeps a finished lane until its assistant starts the next trial', () => {
    const over: RunEvent = { type: 'trial_finished', trial: record(aster, 'resolved') };
    expect(fold(started(aster), over).lanes.map((lane) => lane.state)).toEqual(['resolved']);
    expect(fold(started(aster), over, started(again)).lanes.map((lane) => lane.key.trial)).toEqual([2]);
  });

  it('shows two trials of one assistant at once', () => {
    expect(fold(started(aster), started(again)).lanes).toHaveLength(2);
  });

  it('names the round it is in, and adds up what all rounds took', () => {
    const round: RunEvent = { type: 'round_started', key: aster, round: 2 };
    expect(fold(started(aster), round).lanes.map(({ round, state, items }) => [round, state, items.length])).toEqual([[2, 'working', 0]]);
    const first = record(aster, 'unresolved');
    const second = { ...first, round: 2, feedback: 'go on', seconds: 30, cost: { usd: 0.25, source: 'reported' as const } };
    const over = (more: typeof first.more) => fold(started(aster), round, { type: 'trial_finished', trial: { ...first, seconds: 60, cost: { usd: 0.5, source: 'reported' }, more } }).lanes[0]!;
    expect([over([second]).round, over([second]).seconds, over([second]).cost?.usd]).toEqual([2, 90, 0.75]);
    expect(over([{ ...second, cost: null }]).cost).toBeNull();
  });

  it('counts trials that ended once per frame', () => {
    const live = new LiveFold();
    live.apply(batch(1, started(aster), { type: 'trial_finished', trial: record(aster, 'no_diff') }), 0);
    expect(live.take()!.ended).toBe(1);
    live.apply(batch(3, started(again)), 0);
    expect(live.take()!.ended).toBe(0);
  });
});

it.each(['resolved', 'unresolved', 'set_aside', 'no_diff', 'timed_out', 'ungraded', 'not_evidence'] as const)('a trial that is %s says so', (state) =>
  expect(stateOf(record(aster, state))).toBe(state),
);

describe('every ending with every worth', () => {
  const outcomes: readonly (Outcome | null)[] = [
    null,
    { result: 'invalid', reason: 'why' },
    { result: 'set_aside', rule: 'secret', at: { path: 'a', line: null }, because: 'why' },
    { result: 'ungraded', broke: [] },
    { result: 'no_diff' },
    { result: 'unresolved', failed: [] },
    { result: 'resolved' },
  ];
  const row = (...rest: CellState[]): CellState[] => ['not_evidence', 'not_evidence', 'set_aside', 'ungraded', ...rest];
  const never = outcomes.map((): CellState => 'not_evidence');
  const table: readonly [Ending, CellState[]][] = [
    [{ ending: 'finished' }, row('no_diff', 'unresolved', 'resolved')],
    [{ ending: 'timed_out' }, row('timed_out', 'timed_out', 'timed_out')],
    [{ ending: 'stalled' }, row('timed_out', 'timed_out', 'timed_out')],
    [{ ending: 'budget' }, row('no_diff', 'unresolved', 'unresolved')],
    [{ ending: 'crashed', reason: 'why' }, row('no_diff', 'unresolved', 'unresolved')],
    [{ ending: 'cancelled' }, never],
    [{ ending: 'infra', fault: 'cell', reason: 'why' }, never],
  ];
  it.each(table)('%o says what the report says', (ending, wanted) => expect(outcomes.map((outcome) => stateOf({ ending, outcome }))).toEqual(wanted));
});
