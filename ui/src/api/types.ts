// Written by `cargo xtask schema` from the Rust types. Do not edit.

export type Above = { 
/**
 * Input tokens, cache included, that a request must exceed.
 */
tokens: number, 
/**
 * What a token costs then.
 */
rates: Rates, };

export type Action = { "action": "start_run", 
/**
 * What to run.
 */
request: PlanRequest, } | { "action": "start_try", 
/**
 * What to try.
 */
request: TryRequest, } | { "action": "audit_tasks", 
/**
 * Which.
 */
request: AuditRequest, } | { "action": "preflight", 
/**
 * A suite's folder, a task's own, or `samples`.
 */
suite: string, } | { "action": "pause", 
/**
 * Which.
 */
run: RunId, } | { "action": "resume", 
/**
 * Which.
 */
run: RunId, } | { "action": "cancel", 
/**
 * Which.
 */
run: RunId, } | { "action": "report", 
/**
 * Which.
 */
run: RunId, };

export type Advice = { 
/**
 * Everybody who was asked.
 */
judges: Array<JudgeSum>, 
/**
 * One per assistant, in plan order.
 */
arms: Array<Advised>, 
/**
 * Questions that could not be read.
 */
unread: Array<Unreadable>, 
/**
 * Agreement with blind votes on the same pairs; `None` without such votes.
 */
agreement: Agreement | null, 
/**
 * Why nobody has a value; `None` when somebody has.
 */
missing: string | null, };

export type Advised = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * Pairs that both sides solved and a judge read in both orders.
 */
pairs: number, 
/**
 * Tasks that they are on.
 */
tasks: number, 
/**
 * The share of them won, a tie half; `None` when missing.
 */
share: number | null, 
/**
 * The share of answers on them that would merge its change.
 */
merge: number | null, 
/**
 * Why there is no share.
 */
missing: string | null, };

export type AgainstItself = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * How often it was resampled.
 */
times: number, 
/**
 * How often a difference was found where there is none.
 */
false_verdicts: number, };

export type Agreement = { 
/**
 * Pairs of changes that both judged.
 */
pairs: number, 
/**
 * Krippendorff's α, ordinal; `None` where nothing could have disagreed.
 */
alpha: number | null, 
/**
 * True below 30 pairs: too few to rely on.
 */
few: boolean, };

export type Allow = { 
/**
 * What was missing, as a sentence.
 */
because: string, 
/**
 * The line for `[metadata.fairtrial]`, which takes the place of one of the same name; `None` when no line helps.
 */
line: string | null, 
/**
 * What allowing it gives away, or what to do where no line helps.
 */
gives_away: string, };

export type Arm = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * True for a bundled sample.
 */
sample: boolean, 
/**
 * Trials that are evidence.
 */
trials: number, 
/**
 * Trials that resolved their task.
 */
resolved: number, 
/**
 * Tasks with at least one trial that is evidence.
 */
tasks: number, 
/**
 * Solved rate, mean over tasks; `None` without evidence.
 */
rate: Interval | null, 
/**
 * Dollars for each resolved trial: ratio of sums; `None` when a cost is unknown or none resolved.
 */
cost_per_resolved: number | null, 
/**
 * Sum of known costs and how many are unknown.
 */
cost: CostSum, 
/**
 * Median wall seconds of trials that are evidence.
 */
median_seconds: number | null, 
/**
 * Trials that were no evidence.
 */
infra: number, 
/**
 * Dollars for each resolved trial with bounds, from means per task; `None` when unknown or below two tasks.
 */
cost_interval: Interval | null, 
/**
 * Chances of 1 to all tries.
 */
pass_k: Array<PassK>, 
/**
 * By round of feedback; empty when there was one round only.
 */
rounds: Array<RoundSum>, };

export type ArmView = { 
/**
 * Its name.
 */
id: AssistantId, 
/**
 * Its name for people.
 */
title: string, 
/**
 * True for a bundled sample.
 */
sample: boolean, 
/**
 * What is known of model, version and account.
 */
detail: string, 
/**
 * True when it worked with its user's own login.
 */
own_login: boolean, 
/**
 * True when it had the machine's network, unrestricted, so that only what was metered is known of it.
 */
open_network: boolean, };

export type Aspect = "tool" | "version" | "model" | "effort" | "arguments" | "instructions" | "extensions" | "permissions" | "environment" | "network" | "readable" | "limits" | "account" | "sign_in" | "address" | "price" | "caches" | "isolation" | "rounds";

export type AssistantId = string;

export type AssistantStatus = { 
/**
 * Its name.
 */
id: AssistantId, 
/**
 * Its name for people.
 */
title: string, 
/**
 * True for a bundled sample.
 */
sample: boolean, 
/**
 * The program's path, where found.
 */
program: string | null, 
/**
 * What it says of its version.
 */
version: string | null, 
/**
 * What keeps it from starting, with the remedy; `None` when it is ready.
 */
hurdle: string | null, 
/**
 * True when its cost can be known.
 */
cost_known: boolean, 
/**
 * True when it can go on in a session of its own, so that its trials may have further rounds.
 */
resumes: boolean, 
/**
 * True when we count its requests to its model ourselves, so that a limit on them binds.
 */
requests_counted: boolean, 
/**
 * Its model, where its table names one.
 */
model: string | null, 
/**
 * True when it can be told which model to work with, so that it can be crossed with models.
 */
takes_model: boolean, 
/**
 * The variable that holds its key, where one is set; never the key.
 */
key: string | null, 
/**
 * What its back end gets out of it, by name.
 */
features: Array<string>, 
/**
 * The version that was driven by us; `None` when it never was.
 */
driven: string | null, 
/**
 * True when that version was driven once and alone, and its stream recorded; false when our tests run it
 * through the whole product.
 */
recorded: boolean, 
/**
 * What is wrong with that version.
 */
defects: Array<string>, 
/**
 * What its users meet before it works: tiers, switches, regions.
 */
hurdles: Array<string>, 
/**
 * How it signs in, as far as that can be told without spending; `None` where its program's login is not known.
 */
sign_in: SignIn | null, 
/**
 * Who pays and where, as the user wrote it down.
 */
account: string | null, };

export type AuditEvidence = { 
/**
 * Where: in the task's instruction or hidden files, or in the base.
 */
at: Location, 
/**
 * What stands there.
 */
text: string, };

export type AuditPoint = { 
/**
 * Which rule.
 */
rule: AuditRule, 
/**
 * How it ended.
 */
found: PointState, 
/**
 * What, in one sentence.
 */
because: string, 
/**
 * Where to look.
 */
evidence: Array<AuditEvidence>, };

export type AuditRequest = { 
/**
 * A suite's folder, a task's own, or `samples`.
 */
suite: string, 
/**
 * One task of it; `None` for all.
 */
task: TaskId | null, 
/**
 * How often base and reference are graded, each; at least 3.
 */
repeat: number, 
/**
 * Cells at once; `None` decides by cores and memory.
 */
jobs: number | null, };

export type AuditRule = "reference_passes" | "base_fails" | "repeatable" | "no_leak" | "strength" | "not_over_specific";

export type AuditStatus = "valid" | "weak" | "leaked" | "invalid";

export type AuditSummary = { 
/**
 * What the task is worth.
 */
status: AuditStatus, 
/**
 * Why it is not more.
 */
reasons: Array<string>, 
/**
 * Tests that do not count.
 */
quarantined: number, 
/**
 * Share of mutants that a check noticed, where enough could be judged.
 */
strength: number | null, };

export type Basis = { 
/**
 * The difference in solved rate that matters, in [0, 1].
 */
margin: number, 
/**
 * When it may be looked at.
 */
looks: Looks, 
/**
 * Tasks planned.
 */
planned_tasks: number, 
/**
 * Trials planned per task and assistant.
 */
planned_trials: number, 
/**
 * Pairs that share the 5 % of false verdicts.
 */
pairs: number, 
/**
 * Whether all of it was fixed before the trials.
 */
standing: Standing, };

export type CaptureBy = "overlay" | "copy";

export type CaptureFlag = { 
/**
 * Where; bytes that are no UTF-8 appear as `\xNN`.
 */
path: string, 
/**
 * Why it was left out.
 */
reason: FlagReason, };

export type CellState = "waiting" | "working" | "resolved" | "unresolved" | "set_aside" | "no_diff" | "timed_out" | "ungraded" | "not_evidence";

export type CheatingRate = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * Trials on canary tasks that broke a rule or passed what cannot be passed.
 */
cheated: number, 
/**
 * Trials on canary tasks that are evidence.
 */
trials: number, 
/**
 * Canary tasks tried.
 */
tasks: number, 
/**
 * The rate, mean over tasks; `None` without evidence.
 */
rate: Interval | null, };

export type CheckId = string;

export type CheckKind = "fail_to_pass" | "pass_to_pass" | "build" | "lint" | "custom";

export type CheckOffer = { 
/**
 * The command.
 */
run: string, 
/**
 * Why it is offered (`Cargo.toml found`).
 */
because: string, };

export type ColumnCell = { "cell": "empty" } | { "cell": "same", 
/**
 * Its number in this side's file, from 1.
 */
line: number, 
/**
 * Its text.
 */
text: string, } | { "cell": "removed", 
/**
 * Its text, changed parts marked.
 */
spans: Array<Span>, } | { "cell": "added", 
/**
 * Its number in this side's file, from 1.
 */
line: number, 
/**
 * Its text, changed parts marked.
 */
spans: Array<Span>, };

export type ColumnRow = { "row": "gap", 
/**
 * The first line left out, from 1, in the base.
 */
from: number, 
/**
 * How many.
 */
lines: number, } | { "row": "line", 
/**
 * The base's line number; `None` for a pure addition.
 */
base: number | null, 
/**
 * The left patch.
 */
left: ColumnCell, 
/**
 * The right patch.
 */
right: ColumnCell, };

export type Columns = { 
/**
 * Where it is.
 */
path: string, 
/**
 * Rows.
 */
rows: Array<ColumnRow>, 
/**
 * Why there are no rows; `None` when there are.
 */
note: string | null, };

export type Comparison = { 
/**
 * One per assistant, in plan order.
 */
arms: Array<Arm>, 
/**
 * One per unordered pair, in plan order.
 */
pairs: Array<Pair>, 
/**
 * What is decided, leading with what is; plain sentences.
 */
verdict: VerdictWords, 
/**
 * What does not count, and why.
 */
excluded: Array<Exclusion>, 
/**
 * Tasks that count.
 */
tasks: number, 
/**
 * What it rests on; `None` in what was kept before this was told.
 */
basis: Basis | null, 
/**
 * By kind of task, where there are several.
 */
strata: Array<Stratum>, 
/**
 * Tool and model taken apart; `None` where the plan cannot.
 */
factors: Factors | null, 
/**
 * A score by chosen weights; `None` unless somebody chose some.
 */
weighted: Weighted | null, 
/**
 * Blind votes; `None` without any.
 */
votes: Votes | null, 
/**
 * What models that judge said; `None` when none was asked.
 */
advice: Advice | null, 
/**
 * In what the assistants differ.
 */
fairness: Array<Fairness>, 
/**
 * How often each assistant cheated on tasks that no honest change can satisfy; empty without such tasks.
 */
cheating: Array<CheatingRate>, };

export type Conclusion = "a_better" | "b_better" | "a_slightly_better" | "b_slightly_better" | "equivalent" | "undecided" | "withheld";

export type Contact = { 
/**
 * The host as it was asked for, in lower case; `-` where no host could be read.
 */
host: string, 
/**
 * The port; 0 where none could be read.
 */
port: number, 
/**
 * What became of it.
 */
verdict: ContactVerdict, 
/**
 * How often.
 */
count: number, 
/**
 * Bytes from the cell to the host.
 */
up: number, 
/**
 * Bytes from the host to the cell.
 */
down: number, };

export type ContactVerdict = { "verdict": "allowed" } | { "verdict": "refused", 
/**
 * Why, in a sentence fragment.
 */
because: string, } | { "verdict": "failed", 
/**
 * Why, in a sentence fragment.
 */
because: string, };

export type Control = { 
/**
 * How many expectations were altered.
 */
altered: number, 
/**
 * Tests that passed before and failed now.
 */
turned: Array<string>, 
/**
 * Tests that passed before and again.
 */
stood: Array<string>, 
/**
 * The command's exit code; `None` when a signal or the limit ended it.
 */
exit: number | null, };

export type Cost = { 
/**
 * US dollars.
 */
usd: number, 
/**
 * Who worked it out.
 */
source: CostSource, };

export type CostSource = "reported" | "priced" | "listed" | "simulated";

export type CostSum = { 
/**
 * Sum of the known.
 */
usd: number, 
/**
 * Trials whose cost is unknown.
 */
unknown: number, 
/**
 * True when any of it was simulated by a sample.
 */
simulated: boolean, };

export type DiffArm = { 
/**
 * Who; `None` for the reference.
 */
assistant: AssistantId | null, 
/**
 * Its name for people.
 */
title: string, 
/**
 * Lines added.
 */
added: number, 
/**
 * Lines removed.
 */
removed: number, 
/**
 * What its glyph says; `None` for the reference.
 */
state: CellState | null, 
/**
 * A short reason beside the glyph (`edited protected tests`).
 */
reason: string | null, };

export type DiffFile = { 
/**
 * Where.
 */
path: string, 
/**
 * One per arm.
 */
touched: Array<Touch>, };

export type DiffIndex = { 
/**
 * The task.
 */
task: TaskSummary, 
/**
 * Which try.
 */
trial: number, 
/**
 * The arms with a trial that is over, in plan order; the reference last, where asked for.
 */
arms: Array<DiffArm>, 
/**
 * Every file that anyone touches.
 */
files: Array<DiffFile>, };

export type Digest = string;

export type EarlierOutcome = { 
/**
 * The rules that said so.
 */
rules: number, 
/**
 * What it was worth; `None` when it was no evidence.
 */
outcome: Outcome | null, 
/**
 * When another outcome took its place: RFC 3339, UTC.
 */
until: string, 
/**
 * Why, in a sentence fragment.
 */
because: string, };

export type Early = { 
/**
 * The sequential test decided after this many tasks; `None` when it has not, or was not planned.
 */
decided_after: number | null, 
/**
 * The evidence against “alike” by the e-process; 20 decides at 5 %.
 */
evidence: number | null, 
/**
 * The difference with bounds that hold at every look at once.
 */
sequence: Interval | null, };

export type Ending = { "ending": "finished" } | { "ending": "timed_out" } | { "ending": "stalled" } | { "ending": "budget" } | { "ending": "cancelled" } | { "ending": "crashed", 
/**
 * How, in a sentence fragment.
 */
reason: string, } | { "ending": "infra", 
/**
 * Whose fault, where known.
 */
fault: InfraFault, 
/**
 * In a sentence fragment.
 */
reason: string, };

export type ErrorDto = { 
/**
 * To switch on.
 */
code: string, 
/**
 * To read: what, where, and what to do.
 */
message: string, };

export type Event = { 
/**
 * Milliseconds since the start of the assistant.
 */
at_ms: number, 
/**
 * What happened.
 */
kind: EventKind, };

export type EventKind = { "type": "started", 
/**
 * The back end's own session id.
 */
session: string | null, 
/**
 * The model that serves it.
 */
model: string | null, 
/**
 * The program's version.
 */
version: string | null, } | { "type": "text", 
/**
 * As written.
 */
text: string, } | { "type": "thinking", 
/**
 * As written.
 */
text: string, } | { "type": "tool_call", 
/**
 * Ties the result to the call.
 */
id: string, 
/**
 * The back end's name of the tool.
 */
name: string, 
/**
 * What it does.
 */
kind: ToolKind, 
/**
 * One line for people: the command, or the path with its change.
 */
title: string, } | { "type": "tool_result", 
/**
 * The call's id.
 */
id: string, 
/**
 * Whether the tool says that it worked; `None` when it says nothing.
 */
ok: boolean | null, 
/**
 * Its output, shortened in the middle when long.
 */
output: string, } | { "type": "usage", 
/**
 * Tokens and requests.
 */
usage: Usage, 
/**
 * Money, where the assistant says so.
 */
cost: Cost | null, } | { "type": "retry", 
/**
 * Which try comes next.
 */
attempt: number, 
/**
 * What went wrong.
 */
fault: FaultKind, 
/**
 * As the back end words it.
 */
message: string, } | { "type": "notice", 
/**
 * As written.
 */
text: string, } | { "type": "stderr", 
/**
 * As written.
 */
line: string, } | { "type": "ended", 
/**
 * How it says the session ended.
 */
end: StreamEnd, } | { "type": "unparsed", 
/**
 * As written.
 */
line: string, } | { "type": "dropped", 
/**
 * How many bytes.
 */
bytes: number, };

export type Exchange = { 
/**
 * Milliseconds since the meter started.
 */
at_ms: number, 
/**
 * Which API it spoke.
 */
api: WireApi, 
/**
 * The path at the vendor, without its query.
 */
path: string, 
/**
 * The model asked for.
 */
asked: string | null, 
/**
 * The model that says it served.
 */
served: string | null, 
/**
 * The status; 0 when there was no answer.
 */
status: number, 
/**
 * True when the same body was sent before.
 */
again: boolean, 
/**
 * What the answer says it consumed.
 */
usage: Usage, 
/**
 * Of the tokens written to a cache, those that it keeps for an hour.
 */
cache_write_long: number | null, 
/**
 * The vendor's class of service, where it says so.
 */
service: string | null, 
/**
 * Why the model stopped, in the vendor's word.
 */
stop: string | null, 
/**
 * The vendor's name of the request.
 */
request_id: string | null, 
/**
 * Whose fault it was that it failed; `None` when it did not.
 */
fault: FaultKind | null, 
/**
 * Seconds that the vendor asked to wait.
 */
retry_after_sec: number | null, 
/**
 * Milliseconds until the first byte of the answer's body.
 */
first_byte_ms: number | null, 
/**
 * Milliseconds until the answer's end.
 */
ms: number, 
/**
 * Bytes of the request's body.
 */
bytes_out: number, 
/**
 * Bytes of the answer's body.
 */
bytes_in: number, };

export type Exclusion = { 
/**
 * Which task; `None` for all.
 */
task: TaskId | null, 
/**
 * Which assistant; `None` for all.
 */
assistant: AssistantId | null, 
/**
 * How many trials.
 */
trials: number, 
/**
 * Why, in a sentence fragment.
 */
reason: string, };

export type Exploratory = "no_plan" | "plan_changed" | "other_margin" | "other_weights" | "assistants_left_out" | "other_tasks" | "stopped_early" | "other_rules" | "outcomes_changed" | "replayed";

export type Factor = "tool" | "model";

export type FactorEffect = { 
/**
 * Which factor.
 */
factor: Factor, 
/**
 * One level.
 */
a: string, 
/**
 * Another.
 */
b: string, 
/**
 * The other factor's levels that both have.
 */
over: Array<string>, 
/**
 * Solved rate with `a` minus that with `b`.
 */
by: Interval, 
/**
 * Two-sided p.
 */
p: number, };

export type Factors = { 
/**
 * Two levels of one factor, over the levels of the other that both have.
 */
effects: Array<FactorEffect>, 
/**
 * Whether a tool's effect depends on the model.
 */
interactions: Array<Interaction>, };

export type FailedTest = { 
/**
 * Of which check.
 */
check: CheckId, 
/**
 * The test; `None` when the check as a whole failed.
 */
test: string | null, };

export type Fairness = { 
/**
 * In what.
 */
aspect: Aspect, 
/**
 * One per assistant, in plan order; `None` where it is not known.
 */
values: Array<string | null>, 
/**
 * True when two known values differ or one is not known.
 */
differs: boolean, };

export type FaultKind = "auth" | "rate_limit" | "server" | "network" | "assistant";

export type FileSummary = { 
/**
 * Where.
 */
path: string, 
/**
 * Lines added.
 */
added: number, 
/**
 * Lines removed.
 */
removed: number, };

export type Finding = { 
/**
 * Which rule saw it.
 */
rule: RuleId, 
/**
 * Where.
 */
at: Location, 
/**
 * What, in one sentence.
 */
because: string, 
/**
 * Where it stood in the base; `None` when nothing stood there or the rule looks at one side only.
 */
was: Location | null, 
/**
 * Which event of the session shows it, from 0; `None` when the patch does.
 */
event: number | null, 
/**
 * What it means for the patch.
 */
weight: Weight, };

export type FindingLevel = "error" | "warning" | "note";

export type FlagReason = "special_file" | "set_id" | "ignored" | "nested_git" | "not_utf8_name" | "too_large" | "case_collision" | "escaping_symlink" | "unreadable" | "veiled_secret";

export type FlakyTest = { 
/**
 * Of which check.
 */
check: CheckId, 
/**
 * The test, as its runner names it.
 */
test: string, 
/**
 * How often it passed on the untouched base.
 */
base_passed: number, 
/**
 * How often it passed on the reference.
 */
reference_passed: number, };

export type Flip = { 
/**
 * Which criterion.
 */
criterion: string, 
/**
 * Its weight, of 1.
 */
weight: number, 
/**
 * The weight at which the two highest tie; `None` when no weight does.
 */
at: number | null, };

export type Forecast = { 
/**
 * The difference that matters.
 */
margin: number, 
/**
 * Tasks of the plan that a verdict may rest on: graded, and no canaries.
 */
tasks: number, 
/**
 * The difference that these tasks show with 80 % power; `None` when none does, or they are too few to decide.
 */
detectable: number | null, 
/**
 * Tasks that show the margin with 80 % power.
 */
tasks_needed: number | null, 
/**
 * Dollars for the plan, by what trials of the same assistants cost before; `None` when not known.
 */
usd: number | null, 
/**
 * Dollars for the tasks needed; `None` when not known.
 */
usd_needed: number | null, };

export type Home = { 
/**
 * The product's version.
 */
version: string, 
/**
 * What was found on this machine, samples last.
 */
assistants: Array<AssistantStatus>, 
/**
 * Suites at hand, the bundled sample among them.
 */
suites: Array<SuiteSummary>, 
/**
 * The last runs, newest first.
 */
recent: Array<RunSummary>, 
/**
 * The isolation that cells have here, and why not more.
 */
tier: TierStatus, 
/**
 * Every isolation, strongest first: what it keeps, and what keeps this machine from it.
 */
tiers: Array<TierReport>, };

export type InfraFault = { "vendor": FaultKind } | "cell";

export type Interaction = { 
/**
 * The first and the second tool.
 */
tools: [string, string], 
/**
 * The first and the second model.
 */
models: [string, string], 
/**
 * ((t₁m₁ − t₁m₂) − (t₂m₁ − t₂m₂)) / 2.
 */
by: Interval, 
/**
 * Two-sided p.
 */
p: number, };

export type Interval = { 
/**
 * The estimate.
 */
estimate: number, 
/**
 * Lower bound.
 */
low: number, 
/**
 * Upper bound.
 */
high: number, 
/**
 * Confidence, 0.95.
 */
level: number, 
/**
 * Which method, by name.
 */
method: string, 
/**
 * Tasks it rests on.
 */
n: number, };

export type Judge = { 
/**
 * Its name in `assistants.toml`.
 */
id: AssistantId, 
/**
 * Its name for people.
 */
title: string, 
/**
 * The model: the one that served it, else the one asked for.
 */
model: string | null, 
/**
 * The family of its model; `None` for a sample, and for what has none by its user's word.
 */
family: string | null, 
/**
 * Who says so: an address, or whose word it is.
 */
family_source: string, 
/**
 * True for a bundled sample.
 */
sample: boolean, };

export type JudgeSum = { 
/**
 * Who.
 */
judge: Judge, 
/**
 * Questions that came back, two for each pair.
 */
questions: number, 
/**
 * Those of them that could not be read.
 */
unread: number, 
/**
 * Pairs that were read in both orders.
 */
pairs: number, 
/**
 * Pairs whose answer changed with the order; each counts as a tie.
 */
flipped: number, 
/**
 * The share of them, with bounds; `None` without a pair.
 */
flip_rate: Interval | null, 
/**
 * What it cost.
 */
cost: CostSum, };

export type Left = { 
/**
 * Bytes of all request bodies.
 */
bytes: number, 
/**
 * False when bodies could not be read, so that only bytes are known.
 */
contents_visible: boolean, 
/**
 * Files of which lines were seen, by path.
 */
files: Array<LeftFile>, 
/**
 * Files of the base that were too large or too many to look for.
 */
unread: number, 
/**
 * Lines seen that occur in several files, none of which was seen otherwise.
 */
unplaced: number, };

export type LeftFile = { 
/**
 * Relative to the base.
 */
path: string, 
/**
 * Lines of it that were seen.
 */
lines: number, 
/**
 * Lines of it that are long enough to be told.
 */
of: number, 
/**
 * The lines that were seen, from 1, as first and last of each stretch.
 */
ranges: Array<[number, number]>, };

export type LeftOut = { 
/**
 * The assistant that was to work with the model.
 */
tool: AssistantId, 
/**
 * The model, as it was asked for.
 */
model: string, 
/**
 * Why not.
 */
reason: string, };

export type LiveBatch = { 
/**
 * In order.
 */
events: Array<LiveEvent>, 
/**
 * Ask from here next.
 */
next: number, 
/**
 * Events that were dropped from the queue before they were asked for; the views hold their effect.
 */
dropped: number, 
/**
 * True when nothing more will come.
 */
over: boolean, };

export type LiveEvent = { 
/**
 * From 1.
 */
seq: number, 
/**
 * What.
 */
event: RunEvent, };

export type Location = { 
/**
 * The file.
 */
path: string, 
/**
 * The line in the file after the change, or before it for a removal; `None` for the whole file.
 */
line: number | null, };

export type Looks = "at_end" | "every_task" | "growing";

export type LostTrials = { 
/**
 * Left out.
 */
excluded: number, 
/**
 * Counted as not solved.
 */
as_failed: number, 
/**
 * All of the first's not solved, all of the second's solved.
 */
worst: number, 
/**
 * The other way round.
 */
best: number, };

export type MapCell = { 
/**
 * Which.
 */
key: TrialKey, 
/**
 * What its glyph says.
 */
state: CellState, 
/**
 * The step it is at while it works.
 */
phase: Phase | null, };

export type MethodCheck = { 
/**
 * Which.
 */
method: string, 
/**
 * True for one that only shows how far naive methods are off.
 */
naive: boolean, 
/**
 * Cells simulated.
 */
cells: number, 
/**
 * The least share: of intervals that cover, or of false verdicts.
 */
least: number, 
/**
 * The mean share.
 */
mean: number, 
/**
 * The largest share.
 */
most: number, 
/**
 * The bar, in words.
 */
bar: string, 
/**
 * Cells beyond their bar.
 */
failed: number, };

export type Mutant = { 
/**
 * Where, in the reference's file.
 */
at: Location, 
/**
 * What was done.
 */
kind: MutantKind, 
/**
 * The text before, one line of it.
 */
before: string, 
/**
 * The text after, one line of it.
 */
after: string, 
/**
 * What the checks made of it.
 */
end: MutantEnd, };

export type MutantEnd = { "end": "killed", 
/**
 * The first that did.
 */
by: FailedTest, } | { "end": "survived" } | { "end": "stillborn", 
/**
 * Why.
 */
reason: string, };

export type MutantKind = "operator" | "condition" | "constant" | "statement" | "hunk";

export type NotWorse = { 
/**
 * The first.
 */
a: boolean, 
/**
 * The second.
 */
b: boolean, };

export type Outcome = { "result": "resolved" } | { "result": "unresolved", 
/**
 * What failed.
 */
failed: Array<FailedTest>, } | { "result": "set_aside", 
/**
 * Which rule.
 */
rule: RuleId, 
/**
 * Where it was broken.
 */
at: Location, 
/**
 * What was seen, in one sentence.
 */
because: string, } | { "result": "no_diff" } | { "result": "ungraded", 
/**
 * Tests that passed on the base and fail now.
 */
broke: Array<FailedTest>, } | { "result": "invalid", 
/**
 * Why.
 */
reason: string, };

export type Overruling = { 
/**
 * Which rule.
 */
rule: RuleId, 
/**
 * In which file; `None` for all files of the patch.
 */
path: string | null, 
/**
 * Why the rule is wrong here; never empty.
 */
reason: string, 
/**
 * Who says so.
 */
by: string, 
/**
 * RFC 3339, UTC.
 */
at: string, };

export type Pair = { 
/**
 * The first.
 */
a: AssistantId, 
/**
 * The second.
 */
b: AssistantId, 
/**
 * Solved rate of `a` minus that of `b`; `None` below two common tasks.
 */
difference: Interval | null, 
/**
 * Two-sided sign-flip p; `None` without a difference.
 */
p: number | null, 
/**
 * The same after Holm's correction over all pairs of the comparison.
 */
p_adjusted: number | null, 
/**
 * The same with infra failures counted as not solved; `None` when there were none.
 */
infra_as_failed: Interval | null, 
/**
 * What follows.
 */
conclusion: Conclusion, 
/**
 * Tasks that would detect the plan's margin with 80 % power, given the spread seen.
 */
tasks_needed: number | null, 
/**
 * Two-sided sign-flip p with infra failures counted as not solved; the larger of both p is corrected.
 */
p_as_failed: number | null, 
/**
 * Who is not worse by the margin.
 */
not_worse: NotWorse, 
/**
 * What settling the margin would take; `None` when nothing or not known.
 */
price: Price | null, 
/**
 * What looking after every task gave; `None` where that was not planned.
 */
early: Early | null, 
/**
 * Readings of lost trials; `None` when none was lost.
 */
lost: LostTrials | null, 
/**
 * The difference over repositories, where several tasks share one; `None` below two repositories.
 */
by_repository: Interval | null, 
/**
 * Cost, time, consistency and the scorecard.
 */
parts: Array<PairPart>, };

export type PairPart = { 
/**
 * Which.
 */
part: PartKind, 
/**
 * The ratio first : second for cost and time, else the difference first − second; `None` when missing.
 */
effect: Interval | null, 
/**
 * Two-sided p.
 */
p: number | null, 
/**
 * The same after Holm's correction over all pairs of this part.
 */
p_adjusted: number | null, 
/**
 * What follows; withheld when missing.
 */
conclusion: Conclusion, 
/**
 * True when figures of a sample stand behind it.
 */
simulated: boolean, 
/**
 * Why there is nothing to say.
 */
missing: string | null, 
/**
 * The margin that matters: a ratio above 1 for cost and time, else a difference in [0, 1]; `None` when there is
 * none, and in what was kept before parts had margins.
 */
margin: number | null, 
/**
 * Tasks with a value that would detect the margin with 80 % power, given the spread seen.
 */
tasks_needed: number | null, 
/**
 * What settling the margin would take; `None` when nothing or not known.
 */
price: Price | null, };

export type Param = { "as": "names", "value": Array<AssistantId> } | { "as": "points", "value": number } | { "as": "bound", "value": number } | { "as": "percent", "value": number } | { "as": "ratio", "value": number } | { "as": "factor", "value": number } | { "as": "count", "value": number } | { "as": "usd", "value": number } | { "as": "hours", "value": number } | { "as": "score", "value": ScoreId } | { "as": "kind", "value": TaskKind } | { "as": "part", "value": PartKind };

export type PartKind = "cost_per_solved" | "time" | "consistency" | { "score": ScoreId };

export type PassK = { 
/**
 * How many tries.
 */
k: number, 
/**
 * At least one of them solves the task.
 */
any: number, 
/**
 * All of them do.
 */
all: number, 
/**
 * Tasks.
 */
n: number, };

export type PatchCounts = { 
/**
 * Files changed.
 */
files: number, 
/**
 * Lines added.
 */
added: number, 
/**
 * Lines removed.
 */
removed: number, };

export type PatchRef = { 
/**
 * SHA-256 of its canonical JSON.
 */
digest: Digest, 
/**
 * Its size in lines and files.
 */
counts: PatchCounts, };

export type Phase = "provisioning" | "working" | "stopping" | "capturing" | "setting_up" | "checking";

export type PlanPreview = { 
/**
 * The suite's name for people.
 */
title: string, 
/**
 * The tasks.
 */
tasks: Array<TaskSummary>, 
/**
 * The assistants.
 */
assistants: Array<AssistantStatus>, 
/**
 * Pairs of tool and model that were asked for and cannot be.
 */
left_out: Array<LeftOut>, 
/**
 * Trials in all.
 */
trials: number, 
/**
 * The most wall seconds that the limits allow.
 */
seconds_at_most: number, 
/**
 * What a verdict could detect, or why none is possible.
 */
power: string, 
/**
 * The same as figures, with money where it is known.
 */
forecast: Forecast, 
/**
 * In what the assistants differ.
 */
fairness: Array<Fairness>, };

export type PlanRequest = { 
/**
 * A suite's folder, `samples`, or a plan file.
 */
suite: string, 
/**
 * Who; empty means all that are ready, or all samples for the sample suite.
 */
assistants: Array<string>, 
/**
 * Assistants, each of which is to work with each of `models`; not together with `assistants`.
 */
tools: Array<string>, 
/**
 * Models, by the names that their tools take.
 */
models: Array<string>, 
/**
 * Trials per task and assistant.
 */
trials: number, 
/**
 * The order's seed; `None` draws one.
 */
seed: number | null, 
/**
 * Trials at once; `None` decides by cores and memory.
 */
jobs: number | null, 
/**
 * US dollars for the whole run.
 */
budget_usd: number | null, 
/**
 * Wall seconds for the whole run.
 */
budget_sec: number | null, 
/**
 * Requests to a model in each trial.
 */
budget_requests: number | null, 
/**
 * The difference in solved rate that matters, in (0, 1); `None` takes ten points.
 */
margin: number | null, 
/**
 * Rounds in a trial at most; `None` is one.
 */
rounds: number | null, 
/**
 * Which isolation trials must have.
 */
tier: TierChoice, };

export type PointState = "holds" | "doubt" | "broken" | "missing";

export type Preflight = { 
/**
 * Which.
 */
task: TaskId, 
/**
 * What went wrong; empty when set-up and checks run in a cell. That a deciding check fails on the untouched
 * base is no problem.
 */
problems: Array<string>, 
/**
 * What to allow, and what that gives away.
 */
allow: Array<Allow>, };

export type Price = { 
/**
 * More tasks.
 */
tasks: number, 
/**
 * More trials, of both assistants.
 */
trials: number, 
/**
 * US dollars; `None` when a cost is unknown or simulated.
 */
usd: number | null, 
/**
 * Hours of trials, one after the other; `None` when a time is unknown.
 */
hours: number | null, };

export type PriceUsed = { 
/**
 * SHA-256 of the table.
 */
table: Digest, 
/**
 * The day of the table.
 */
dated: string, 
/**
 * Whose list it is.
 */
provider: string, 
/**
 * The row's model.
 */
model: string, 
/**
 * What a token costs.
 */
rates: Rates, 
/**
 * What it costs in a request with more input than this, where that differs.
 */
above: Above | null, };

export type Promise = "network" | "private_home" | "graded_apart" | "nothing_survives" | "processes_bounded" | "calls_filtered" | "place_hidden";

export type Query = { "query": "home" } | { "query": "repository", 
/**
 * A folder.
 */
path: string, } | { "query": "preview", 
/**
 * What would be run.
 */
request: PlanRequest, } | { "query": "audits", 
/**
 * A suite's folder, a task's own, or `samples`.
 */
suite: string, } | { "query": "runs" } | { "query": "run", 
/**
 * Which.
 */
run: RunId, } | { "query": "live", 
/**
 * Which.
 */
run: RunId, 
/**
 * The number to go on from; 0 for all that is still queued.
 */
after: number, } | { "query": "trial", 
/**
 * Which run.
 */
run: RunId, 
/**
 * Which trial.
 */
key: TrialKey, } | { "query": "events", 
/**
 * Which run.
 */
run: RunId, 
/**
 * Which trial.
 */
key: TrialKey, 
/**
 * From which event, from 0.
 */
from: number, 
/**
 * How many at most.
 */
count: number, } | { "query": "diff_index", 
/**
 * Which run.
 */
run: RunId, 
/**
 * Which task.
 */
task: TaskId, 
/**
 * Which try.
 */
trial: number, 
/**
 * True to show the reference among the arms (last).
 */
reference: boolean, } | { "query": "stacked_diff", 
/**
 * Which run.
 */
run: RunId, 
/**
 * Which task.
 */
task: TaskId, 
/**
 * Which try.
 */
trial: number, 
/**
 * Which file.
 */
path: string, 
/**
 * True when the reference is among the arms.
 */
reference: boolean, } | { "query": "columns_diff", 
/**
 * Which run.
 */
run: RunId, 
/**
 * Which task.
 */
task: TaskId, 
/**
 * Which try.
 */
trial: number, 
/**
 * Which file.
 */
path: string, 
/**
 * Who stands left.
 */
left: AssistantId | null, 
/**
 * Who stands right.
 */
right: AssistantId | null, } | { "query": "self_test", 
/**
 * A run whose assistants are compared with themselves.
 */
run: RunId | null, } | { "query": "scoreboard", 
/**
 * Which.
 */
run: RunId, };

export type Rates = { 
/**
 * Uncached input.
 */
input: number, 
/**
 * Input read from a cache; `None` where the list has no such price.
 */
cache_read?: number | null, 
/**
 * Input written to a cache; `None` where the list has no such price.
 */
cache_write?: number | null, 
/**
 * Input written to a cache that keeps it for an hour; `None` where the list has no such price.
 */
cache_write_long?: number | null, 
/**
 * Output, reasoning included.
 */
output: number, };

export type RepositoryView = { 
/**
 * Its root.
 */
path: string, 
/**
 * The branch checked out, where there is one.
 */
branch: string | null, 
/**
 * The commit checked out.
 */
commit: string, 
/**
 * Files with uncommitted changes.
 */
changed: Array<string>, 
/**
 * The project's own test commands as found.
 */
checks: Array<CheckOffer>, };

export type RoundRecord = { 
/**
 * From 2.
 */
round: number, 
/**
 * What the assistant was told.
 */
feedback: string, 
/**
 * How it ended.
 */
ending: Ending, 
/**
 * What the workspace was worth after it; `None` when the round is no evidence.
 */
outcome: Outcome | null, 
/**
 * Every check, test by test.
 */
verdicts: Array<Verdict>, 
/**
 * Everything that differs from the base after it; `None` when none was captured.
 */
patch: PatchRef | null, 
/**
 * Tokens and requests of this round.
 */
usage: Usage, 
/**
 * Money of this round; `None` when unknown.
 */
cost: Cost | null, 
/**
 * Wall seconds of the assistant in this round; 0 of one that is no evidence is not known.
 */
seconds: number, 
/**
 * Processes that outlived the assistant in this round.
 */
leftovers: Array<string>, 
/**
 * Blobs with its journals: work, then grade.
 */
journals: Array<Digest>, 
/**
 * What our meter saw in this round; `None` when the assistant was not metered.
 */
traffic: Traffic | null, 
/**
 * Hosts that were asked for in this round, with what became of it, where a proxy stood between.
 */
contacts: Array<Contact>, 
/**
 * What capture left out after this round.
 */
flags: Array<CaptureFlag>, 
/**
 * The weaker isolation of this round's work and grading; `None` when no cell came up, or it was not kept.
 */
tier: Tier | null, 
/**
 * What the workspace was worth after it before it was scored anew, oldest first.
 */
earlier: Array<EarlierOutcome>, 
/**
 * The limit of ours that was reached in this round, in one fragment; `None` when none was, or it was not kept.
 */
limit: string | null, 
/**
 * Lines of the assistant's own stream in this round that could not be read; 0 too where they were not kept.
 */
unparsed: number, };

export type RoundSum = { 
/**
 * The round, from 1.
 */
round: number, 
/**
 * Solved in this round or before, mean over tasks.
 */
rate: Interval | null, 
/**
 * Dollars for all trials up to this round; `None` when one is unknown.
 */
usd: number | null, 
/**
 * Seconds for all trials up to this round; `None` when one is unknown.
 */
seconds: number | null, };

export type RuleId = "protected_path" | "fewer_assertions" | "weakened_assertion" | "skipped_test" | "forged_results" | "swallowed_failure" | "secret" | "outside_write" | "oracle_literal" | "environment_sniffing" | "answer_lookup" | "forbidden_path" | "licence" | "new_dependency";

export type RunEvent = { "type": "task_preparing", 
/**
 * Which.
 */
task: TaskId, } | { "type": "task_ready", 
/**
 * Which.
 */
task: TaskId, 
/**
 * Whether it counts.
 */
validity: Validity, } | { "type": "trial_started", 
/**
 * Which.
 */
key: TrialKey, 
/**
 * From 1.
 */
attempt: number, } | { "type": "round_started", 
/**
 * Which.
 */
key: TrialKey, 
/**
 * From 2.
 */
round: number, } | { "type": "trial_phase", 
/**
 * Which.
 */
key: TrialKey, 
/**
 * The step.
 */
phase: Phase, } | { "type": "trial_event", 
/**
 * Which.
 */
key: TrialKey, 
/**
 * Milliseconds since the attempt started.
 */
at_ms: number, 
/**
 * What.
 */
kind: EventKind, } | { "type": "attempt_lost", 
/**
 * Which.
 */
key: TrialKey, 
/**
 * Why.
 */
reason: string, } | { "type": "trial_finished", 
/**
 * Everything about it.
 */
trial: TrialRecord, } | { "type": "status_changed", 
/**
 * How.
 */
status: RunStatus, };

export type RunId = string;

export type RunStatus = "running" | "paused" | "finished" | "cancelled" | "out_of_budget";

export type RunSummary = { 
/**
 * Its name.
 */
id: RunId, 
/**
 * The suite's name for people.
 */
title: string, 
/**
 * Where it stands.
 */
status: RunStatus, 
/**
 * True while this or another process works on it.
 */
live: boolean, 
/**
 * RFC 3339, UTC.
 */
started: string, 
/**
 * Trials over.
 */
done: number, 
/**
 * Trials planned.
 */
planned: number, 
/**
 * The verdict's headline, where there is one.
 */
headline: string | null, 
/**
 * Bytes on disk: its content, which other runs may share, and its folder; `None` where nobody asked for them.
 */
bytes: number | null, 
/**
 * The run whose recording answered in the models' place; `None` where models themselves did.
 */
replay_of: RunId | null, };

export type RunView = { 
/**
 * In a line.
 */
summary: RunSummary, 
/**
 * SHA-256 of the plan.
 */
plan_hash: Digest, 
/**
 * The order's seed.
 */
seed: number, 
/**
 * Trials per task and assistant.
 */
trials: number, 
/**
 * Columns of the map.
 */
tasks: Array<TaskSummary>, 
/**
 * Rows of the map.
 */
assistants: Array<ArmView>, 
/**
 * Pairs of tool and model that were asked for and are not among them.
 */
left_out: Array<LeftOut>, 
/**
 * Cells of the map: every planned trial.
 */
cells: Array<MapCell>, 
/**
 * Known dollars spent.
 */
spent_usd: number, 
/**
 * Trials whose cost is unknown.
 */
cost_unknown: number, 
/**
 * True when any of the cost was simulated by a sample.
 */
cost_simulated: boolean, 
/**
 * US dollars allowed.
 */
budget_usd: number | null, 
/**
 * Seconds left, judged by the trials that are over; `None` when not known.
 */
seconds_left: number | null, 
/**
 * The number of the newest live event.
 */
live_seq: number, };

export type Score = { 
/**
 * Which dimension.
 */
id: ScoreId, 
/**
 * In [0, 1], except `Cost` (US dollars) and `Time` (seconds); `None` when missing.
 */
value: number | null, 
/**
 * Why there is no value.
 */
missing: string | null, 
/**
 * How it is worked out, with the numbers put in.
 */
formula: string, 
/**
 * Where to look.
 */
evidence: Array<Location>, 
/**
 * What it was read from, in a few words; empty in records made before it was kept.
 */
source: string, };

export type ScoreId = "applies" | "fail_to_pass" | "pass_to_pass" | "integrity" | "safety" | "builds" | "size" | "similarity" | "token_similarity" | "file_similarity" | "line_overlap" | "hunk_locality" | "definition_locality" | "scope" | "noise" | "lint" | "complexity" | "duplication" | "dependencies" | "own_tests" | "review" | "judge" | "cost" | "time";

export type Scoreboard = { 
/**
 * The statistics and the verdict.
 */
comparison: Comparison, 
/**
 * The run's map.
 */
run: RunView, 
/**
 * What this report does not know or must say.
 */
notes: Array<string>, };

export type SelfTest = { 
/**
 * Assistants of a run, each compared with itself; empty without a run.
 */
itself: Array<AgainstItself>, 
/**
 * The simulation's summary, ours beside naive methods.
 */
methods: Array<MethodCheck>, 
/**
 * True when nothing lies beyond its bar.
 */
held: boolean, };

export type Sentence = { 
/**
 * Which text: `verdict.` and this name it in the interface.
 */
code: string, 
/**
 * What fills it.
 */
params: { [key in string]: Param }, };

export type SignIn = { 
/**
 * True when it works with the user's own login: less isolated, one trial at a time, no verdict.
 */
own_login: boolean, 
/**
 * The file that shows that somebody signed in, never what is in it; `None`: not known.
 */
found: string | null, 
/**
 * What of the user's home trials see and may write then.
 */
places: Array<string>, 
/**
 * What its vendor's terms say on it, in our words; `None` where they are not known here.
 */
terms: string | null, 
/**
 * Where the vendor says so.
 */
source: string | null, };

export type Span = { 
/**
 * Its text.
 */
text: string, 
/**
 * True when it is what changed in the line.
 */
changed: boolean, };

export type Stacked = { 
/**
 * Where it is.
 */
path: string, 
/**
 * Rows from the first line to the last, unchanged stretches folded into gaps.
 */
rows: Array<StackedRow>, 
/**
 * Who left it untouched, as indices into the patches given.
 */
untouched: Array<number>, 
/**
 * Why there are no rows: binary content, or too large; `None` when there are.
 */
note: string | null, };

export type StackedRow = { "row": "base", 
/**
 * Its number in the base, from 1.
 */
line: number, 
/**
 * Its text.
 */
text: string, } | { "row": "gap", 
/**
 * The first line left out, from 1.
 */
from: number, 
/**
 * How many.
 */
lines: number, } | { "row": "authors", 
/**
 * Who.
 */
who: Array<number>, 
/**
 * True when they remove, false when they put.
 */
removes: boolean, } | { "row": "removed", 
/**
 * Its number in the base, from 1.
 */
line: number, 
/**
 * Its text, changed parts marked.
 */
spans: Array<Span>, 
/**
 * Who removed it.
 */
who: Array<number>, } | { "row": "added", 
/**
 * Its text, changed parts marked.
 */
spans: Array<Span>, 
/**
 * Who put it.
 */
who: Array<number>, };

export type Standing = { "standing": "pre_registered", 
/**
 * The plan's hash.
 */
plan: Digest, } | { "standing": "exploratory", 
/**
 * What was not.
 */
reasons: Array<Exploratory>, };

export type Steered = { 
/**
 * Where its program looks for instructions, as globs.
 */
places: Array<string>, 
/**
 * The base's files that it reads there.
 */
instructions: Array<string>, 
/**
 * The base's files that turn on extensions or settings of its program.
 */
extensions: Array<string>, 
/**
 * Arguments that turn extensions on, by name.
 */
arguments: Array<string>, };

export type Stratum = { 
/**
 * Which kind.
 */
kind: TaskKind, 
/**
 * Tasks that count.
 */
tasks: number, 
/**
 * One per assistant, in plan order.
 */
rates: Array<StratumRate>, 
/**
 * One per pair, in plan order; corrected over all kinds.
 */
pairs: Array<StratumPair>, };

export type StratumPair = { 
/**
 * The first.
 */
a: AssistantId, 
/**
 * The second.
 */
b: AssistantId, 
/**
 * The difference; `None` below two tasks.
 */
difference: Interval | null, 
/**
 * Two-sided sign-flip p after Holm's correction over all kinds and pairs.
 */
p_adjusted: number | null, 
/**
 * What follows.
 */
conclusion: Conclusion, };

export type StratumRate = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * Solved rate; `None` below two tasks.
 */
rate: Interval | null, 
/**
 * Trials that resolved their task.
 */
resolved: number, 
/**
 * Trials that are evidence.
 */
trials: number, };

export type StreamEnd = { "how": "completed" } | { "how": "turn_limit" } | { "how": "budget_limit" } | { "how": "error", 
/**
 * Whose fault.
 */
fault: FaultKind, 
/**
 * As worded.
 */
message: string, };

export type Strength = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * The strength, with bounds from resampled tasks where there are enough.
 */
strength: number, 
/**
 * Lower bound.
 */
low: number | null, 
/**
 * Upper bound.
 */
high: number | null, 
/**
 * Chance to be preferred to another of the field, a tie counted half.
 */
preferred: number, };

export type SuiteId = string;

export type SuiteSummary = { 
/**
 * Its name.
 */
id: SuiteId, 
/**
 * Its name for people.
 */
title: string, 
/**
 * Its folder.
 */
directory: string, 
/**
 * How many tasks.
 */
tasks: number, 
/**
 * True for the bundled sample.
 */
sample: boolean, };

export type TaskAudit = { 
/**
 * Which.
 */
task: TaskId, 
/**
 * The digest of its directory when it was audited.
 */
digest: Digest, 
/**
 * The version of the rules.
 */
rules: number, 
/**
 * The version of the cell program that graded.
 */
cell: string, 
/**
 * The isolation that the cells had; `None` when none came up.
 */
tier: Tier | null, 
/**
 * How often base and reference were graded, each.
 */
repeat: number, 
/**
 * What it is worth.
 */
status: AuditStatus, 
/**
 * Why it is not more, the weightiest first.
 */
reasons: Array<string>, 
/**
 * Every rule.
 */
points: Array<AuditPoint>, 
/**
 * Tests that do not count, because they do not agree with themselves.
 */
quarantined: Array<FlakyTest>, 
/**
 * Every mutant of the reference.
 */
mutants: Array<Mutant>, 
/**
 * Share of the mutants that a check noticed; `None` when too few could be judged.
 */
strength: number | null, 
/**
 * Wall seconds that it took.
 */
seconds: number, };

export type TaskId = string;

export type TaskKind = "bug_fix" | "feature" | "refactoring" | "performance" | "tests" | "canary" | "other";

export type TaskSummary = { 
/**
 * Its name.
 */
id: TaskId, 
/**
 * One line for people.
 */
title: string, 
/**
 * What sort of work.
 */
kind: TaskKind, 
/**
 * The main language.
 */
language: string | null, 
/**
 * What it asks.
 */
instruction: string, 
/**
 * True when it has a hidden check.
 */
graded: boolean, 
/**
 * Whether it counts; `None` before its checks were tried.
 */
validity: Validity | null, 
/**
 * What its audit says; `None` when it was not audited. In a run: when the run began.
 */
audit: AuditSummary | null, };

export type TestResult = { 
/**
 * As the runner names it.
 */
id: string, 
/**
 * What happened.
 */
status: TestStatus, 
/**
 * The failure's message, at most 4 KiB; empty when it passed.
 */
message: string, };

export type TestStatus = "passed" | "failed" | "skipped";

export type Tier = "full" | "bubblewrap" | "container" | "plain";

export type TierChoice = "best" | "full" | "bubblewrap" | "container" | "plain";

export type TierReport = { 
/**
 * Which.
 */
tier: Tier, 
/**
 * Why it cannot be had here, and what to do about it; `None` when it can.
 */
missing: string | null, 
/**
 * What it keeps.
 */
keeps: Array<Promise>, 
/**
 * What it does not keep.
 */
lacks: Array<Promise>, 
/**
 * How it finds changes.
 */
capture: CaptureBy, 
/**
 * Whether a verdict may rest on it.
 */
carries_verdict: boolean, };

export type TierStatus = { 
/**
 * Which.
 */
tier: Tier, 
/**
 * Why it is not more, and what to do about it.
 */
reason: string | null, };

export type ToolFinding = { 
/**
 * The tool's name of its rule; empty where it gives none.
 */
rule: string, 
/**
 * How grave the tool calls it.
 */
level: FindingLevel, 
/**
 * The file, relative to the workspace with `/`, as far as the tool lets that be known.
 */
path: string, 
/**
 * The line, from 1; `None` where the tool names none.
 */
line: number | null, 
/**
 * What it says, at most 400 bytes.
 */
message: string, };

export type ToolKind = "read" | "edit" | "search" | "execute" | "fetch" | "other";

export type Touch = "none" | "own" | "same";

export type Traffic = { 
/**
 * Where requests went: the host, with its port where it is not the usual one.
 */
host: string, 
/**
 * The requests in order of arrival, at most 2,000.
 */
exchanges: Array<Exchange>, 
/**
 * How many more there were.
 */
more: number, 
/**
 * The sum over all requests to a model.
 */
usage: Usage, 
/**
 * What the assistant itself reported, where it did.
 */
reported: Usage | null, 
/**
 * Where the two disagree, one sentence each.
 */
disagreements: Array<string>, 
/**
 * What of the base was in the requests.
 */
left: Left, 
/**
 * The prices that the cost was worked out with, where they came from our table: one row a model.
 */
prices: Array<PriceUsed>, 
/**
 * Why list prices give no cost, where they do not.
 */
unpriced: string | null, 
/**
 * The recording that was made.
 */
recording: Digest | null, 
/**
 * The recording that answered in the vendor's place.
 */
replay_of: Digest | null, 
/**
 * Where the conversation departed from the recording, and how.
 */
departed: string | null, };

export type TrialKey = { 
/**
 * The task tried.
 */
task: TaskId, 
/**
 * Who tries it.
 */
assistant: AssistantId, 
/**
 * Which try, from 1.
 */
trial: number, };

export type TrialRecord = { 
/**
 * Which.
 */
key: TrialKey, 
/**
 * How many attempts it took.
 */
attempts: number, 
/**
 * How it ended.
 */
ending: Ending, 
/**
 * What it is worth; `None` when it is no evidence.
 */
outcome: Outcome | null, 
/**
 * Every check, test by test.
 */
verdicts: Array<Verdict>, 
/**
 * Every dimension.
 */
scores: Array<Score>, 
/**
 * What a reader should know.
 */
findings: Array<Finding>, 
/**
 * The patch; `None` when none was captured.
 */
patch: PatchRef | null, 
/**
 * What capture left out.
 */
flags: Array<CaptureFlag>, 
/**
 * Tokens and requests.
 */
usage: Usage, 
/**
 * Money; `None` when unknown.
 */
cost: Cost | null, 
/**
 * Wall seconds of the assistant.
 */
seconds: number, 
/**
 * The weaker isolation of work and grading; `None` when no cell came up.
 */
tier: Tier | null, 
/**
 * The program's version, where it said so.
 */
version: string | null, 
/**
 * The model that served it, where it said so.
 */
model: string | null, 
/**
 * Processes that outlived the assistant.
 */
leftovers: Array<string>, 
/**
 * Blobs with its journals, newest attempt last.
 */
journals: Array<Digest>, 
/**
 * What our meter saw; `None` when the assistant was not metered.
 */
traffic: Traffic | null, 
/**
 * Hosts that were asked for, with what became of it, where a proxy stood between.
 */
contacts: Array<Contact>, 
/**
 * Why the isolation is not more, where it is not.
 */
tier_reason: string | null, 
/**
 * Whether a control group bounded its memory, in work and grading; else memory was watched and not bounded.
 */
fenced: boolean, 
/**
 * Instruction files of assistants that the base holds (AGENTS.md …); not all assistants read the same.
 */
instruction_files: Array<string>, 
/**
 * SHA-256 over canonical JSON (RFC 8785) of what it was started with: arguments, variables, files and what its cell
 * lets it reach, without instruction, keys, workspace and home; by the settings and the environment of the program that
 * recorded it. `None` in records made before it was kept.
 */
configuration: Digest | null, 
/**
 * What of the base steers this assistant; `None` where its program's rules or the base are not known.
 */
steered: Steered | null, 
/**
 * Lines of the journals that could not be read.
 */
bad_lines: number, 
/**
 * The rule set that made outcome, scores and findings; 1 in records made before it was kept.
 */
rules: number, 
/**
 * The blob with the reference as a patch over the task's base; `None` when there was none.
 */
reference: Digest | null, 
/**
 * What reviewers said against rules.
 */
overruled: Array<Overruling>, 
/**
 * What it was worth before it was scored anew or a rule was overruled, oldest first.
 */
earlier: Array<EarlierOutcome>, 
/**
 * Lines of the assistant's own stream that could not be read; a rise tells of a version that changed it.
 */
unparsed: number, 
/**
 * The limit of ours that was reached, in one fragment; `None` when none was, or it was not kept.
 */
limit: string | null, 
/**
 * Rounds after the first, in order. Everything above is the first round's, which is the trial's result.
 */
more: Array<RoundRecord>, 
/**
 * Why no further round followed though the plan allows one and the task was not solved, in a sentence fragment.
 */
no_more: string | null, };

export type TrialView = { 
/**
 * The record.
 */
record: TrialRecord, 
/**
 * What its glyph says.
 */
state: CellState, 
/**
 * The task.
 */
task: TaskSummary, 
/**
 * The first events; more by `events`.
 */
events: Array<Event>, 
/**
 * How many events there are.
 */
events_total: number, 
/**
 * The files of its patch with line counts.
 */
files: Array<FileSummary>, };

export type TryRequest = { 
/**
 * A folder under git.
 */
repository: string, 
/**
 * What the assistants are told.
 */
instruction: string, 
/**
 * Who.
 */
assistants: Array<string>, 
/**
 * Trials for each.
 */
trials: number, 
/**
 * A check's command; `None` takes none.
 */
check: string | null, 
/**
 * True to include uncommitted changes.
 */
include_uncommitted: boolean, 
/**
 * True to go on although a check fails on the untouched base.
 */
accept_red_base: boolean, 
/**
 * US dollars for the whole run.
 */
budget_usd: number | null, 
/**
 * Wall seconds for the whole run.
 */
budget_sec: number | null, 
/**
 * Requests to a model in each trial.
 */
budget_requests: number | null, 
/**
 * Which isolation trials must have.
 */
tier: TierChoice, };

export type Unreadable = { 
/**
 * Who was asked.
 */
judge: AssistantId, 
/**
 * On which task.
 */
task: TaskId, 
/**
 * Which try.
 */
trial: number, 
/**
 * Whose change stood first.
 */
one: AssistantId, 
/**
 * Whose change stood second.
 */
two: AssistantId, 
/**
 * Why it could not be read.
 */
why: string, 
/**
 * The end of what was said.
 */
said: string, };

export type Usage = { 
/**
 * Input tokens that no cache served.
 */
input_uncached: number | null, 
/**
 * Input tokens read from a cache.
 */
cache_read: number | null, 
/**
 * Input tokens written to a cache.
 */
cache_write: number | null, 
/**
 * Output tokens without reasoning, where the two can be told apart; else all output.
 */
output: number | null, 
/**
 * Reasoning tokens, where they can be told apart.
 */
reasoning: number | null, 
/**
 * Requests to the model.
 */
requests: number | null, 
/**
 * The vendor's credits, where it counts in them. They are not money until the user enters a rate.
 */
credits: number | null, 
/**
 * Who counted.
 */
source: UsageSource, };

export type UsageSource = "unknown" | "stream" | "metered" | "rounded" | "simulated";

export type Validity = { "validity": "valid" } | { "validity": "weak", 
/**
 * Why.
 */
reasons: Array<string>, } | { "validity": "invalid", 
/**
 * Why.
 */
reasons: Array<string>, };

export type Verdict = { 
/**
 * Which check.
 */
check: CheckId, 
/**
 * What it proves.
 */
kind: CheckKind, 
/**
 * What it found.
 */
status: VerdictStatus, 
/**
 * Every test that was seen, in the order seen.
 */
tests: Array<TestResult>, 
/**
 * What a linter or type checker reported; `None` when it is none, or its report could not be read whole.
 */
findings: Array<ToolFinding> | null, 
/**
 * The command's exit code; `None` when a signal or the limit ended it.
 */
exit: number | null, 
/**
 * Wall seconds.
 */
seconds: number, 
/**
 * The end of its output, at most 16 KiB.
 */
output: string, 
/**
 * The same check with altered expectations, where it passed and there was something to alter.
 */
control: Control | null, };

export type VerdictPart = { "part": "solves_more", 
/**
 * Who.
 */
better: AssistantId, 
/**
 * Than whom.
 */
worse: AssistantId, 
/**
 * By how many points, in [0, 1], with bounds.
 */
by: Interval, 
/**
 * False when it may be below the margin that matters.
 */
matters: boolean, } | { "part": "equivalent", 
/**
 * One.
 */
a: AssistantId, 
/**
 * The other.
 */
b: AssistantId, } | { "part": "undecided", 
/**
 * One.
 */
a: AssistantId, 
/**
 * The other.
 */
b: AssistantId, 
/**
 * Tasks that would settle the margin.
 */
tasks_needed: number | null, } | { "part": "costs_less", 
/**
 * Who.
 */
cheaper: AssistantId, 
/**
 * Than whom.
 */
dearer: AssistantId, 
/**
 * The share saved, in [0, 1], with bounds.
 */
by: Interval, 
/**
 * True when any of it was simulated by a sample.
 */
simulated: boolean, 
/**
 * False when all of the interval is below the margin that matters.
 */
matters: boolean, } | { "part": "withheld", 
/**
 * Why.
 */
reason: WithheldReason, };

export type VerdictStatus = "passed" | "failed" | "timed_out" | { "invalid": { 
/**
 * Why.
 */
reason: string, } };

export type VerdictWords = { 
/**
 * Decided and undecided parts, decided first.
 */
parts: Array<VerdictPart>, 
/**
 * Those that no rival beats; more than one is a group, not a winner.
 */
top: Array<AssistantId>, 
/**
 * In English: `sentences` put into words.
 */
headline: string, 
/**
 * The headline as data.
 */
sentences: Array<Sentence>, 
/**
 * Every part of every pair as data, decided first.
 */
details: Array<Sentence>, };

export type Votes = { 
/**
 * How many votes.
 */
votes: number, 
/**
 * On how many tasks.
 */
tasks: number, 
/**
 * One per assistant that was voted on; empty when nothing can be said.
 */
strengths: Array<Strength>, 
/**
 * How readily a tie is voted (Davidson's ν).
 */
tie: number | null, 
/**
 * What standing on the left adds to a strength, with bounds where tasks allow.
 */
left: Interval | null, 
/**
 * Krippendorff's α over reviewers; below 0.667 they disagree.
 */
alpha: number | null, 
/**
 * Why there are no strengths.
 */
missing: string | null, };

export type Weight = "sets_aside" | "waived" | "overruled" | "noted";

export type Weighted = { 
/**
 * The weights, by criterion.
 */
weights: { [key in string]: number }, 
/**
 * Criteria without a value for everybody; their weight goes to the others.
 */
missing: Array<string>, 
/**
 * One per assistant, in plan order.
 */
scores: Array<WeightedScore>, 
/**
 * The two highest: the weight of each criterion at which they change places.
 */
flips: Array<Flip>, 
/**
 * True when the highest is first under at least nine tenths of all weights.
 */
robust: boolean, };

export type WeightedScore = { 
/**
 * Who.
 */
assistant: AssistantId, 
/**
 * Values by criterion.
 */
values: { [key in string]: number }, 
/**
 * Σ w·x / Σ w.
 */
score: number, 
/**
 * The share of all weights, with the values' uncertainty, that puts it first.
 */
first: number, };

export type WireApi = "anthropic" | "responses" | "chat" | "gemini" | "converse" | "invoke" | "other";

export type WithheldReason = "one_task" | "ungraded" | "infra_asymmetry" | "no_evidence" | "not_isolated" | "mixed_tiers" | "own_login" | "unfinished";
