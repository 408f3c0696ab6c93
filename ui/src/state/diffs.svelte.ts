/** The diffs of one task and trial: who touches which file, and the rows of the file that is open. */
import type { Columns, DiffIndex, Stacked } from '../api/types';
import type { Host } from '../host';
import { mostTouched } from './touched';
import { Loaded } from './loaded.svelte';

export type Form = 'stacked' | 'columns';

export class DiffsController {
  readonly run: string;
  readonly index = new Loaded<DiffIndex>();
  readonly stacked = new Loaded<Stacked>();
  readonly columns = new Loaded<Columns>();
  task = $state('');
  trial = $state(1);
  path = $state.raw<string | null>(null);
  form = $state<Form>('stacked');
  reference = $state(false);
  /** Indices into the arms of the index. */
  left = $state(0);
  right = $state(1);

  #host: Host;

  constructor(host: Host, run: string) {
    this.#host = host;
    this.run = run;
  }

  async open(task: string, trial: number, path: string | null): Promise<void> {
    if (task !== this.task || trial !== this.trial) {
      this.index.clear();
      this.stacked.clear();
      this.columns.clear();
    }
    this.task = task;
    this.trial = trial;
    const index = await this.index.load(() =>
      this.#host.query({ query: 'diff_index', run: this.run, task, trial, reference: this.reference }),
    );
    if (!index) return;
    const known = (wanted: string | null) => index.files.some((file) => file.path === wanted);
    this.path = known(path) ? path : known(this.path) ? this.path : mostTouched(index.files);
    this.left = Math.min(this.left, Math.max(0, index.arms.length - 1));
    this.right = Math.min(this.right, Math.max(0, index.arms.length - 1));
    if (index.arms.length === 2) [this.left, this.right] = [0, 1];
    await this.#rows();
  }

  async openFile(path: string): Promise<void> {
    this.path = path;
    await this.#rows();
  }

  async setForm(form: Form): Promise<void> {
    this.form = form;
    await this.#rows();
  }

  async setSides(left: number, right: number): Promise<void> {
    this.left = left;
    this.right = right;
    await this.#rows();
  }

  async setReference(reference: boolean): Promise<void> {
    this.reference = reference;
    await this.open(this.task, this.trial, this.path);
  }

  async #rows(): Promise<void> {
    const { run, task, trial, path, reference } = this;
    if (path === null) return;
    if (this.form === 'stacked') {
      await this.stacked.load(() => this.#host.query({ query: 'stacked_diff', run, task, trial, path, reference }));
      return;
    }
    const arms = this.index.value?.arms ?? [];
    const left = arms[this.left]?.assistant ?? null;
    const right = arms[this.right]?.assistant ?? null;
    await this.columns.load(() => this.#host.query({ query: 'columns_diff', run, task, trial, path, left, right }));
  }
}
