/** Which type answers which call; the pairs are the ones that the Rust contract documents. */
import type {
  Action,
  Columns,
  DiffIndex,
  Event,
  Home,
  LiveBatch,
  PlanPreview,
  Preflight,
  Query,
  RepositoryView,
  RunId,
  RunSummary,
  RunView,
  Scoreboard,
  SelfTest,
  Stacked,
  TaskAudit,
  TrialView,
} from './types';

interface Answers {
  home: Home;
  repository: RepositoryView;
  preview: PlanPreview;
  audits: TaskAudit[];
  runs: RunSummary[];
  run: RunView;
  live: LiveBatch;
  trial: TrialView;
  events: Event[];
  diff_index: DiffIndex;
  stacked_diff: Stacked;
  columns_diff: Columns;
  self_test: SelfTest;
  scoreboard: Scoreboard;
}

interface Results {
  start_run: RunId;
  start_try: RunId;
  audit_tasks: TaskAudit[];
  preflight: Preflight[];
  pause: null;
  resume: null;
  cancel: null;
  report: string;
}

export type Answer<Q extends Query> = Answers[Q['query']];
export type Result<A extends Action> = Results[A['action']];
