/** What audits say of a suite's tasks, and one that is under way. */
import type { TaskAudit } from '../api/types';
import { asHostError, type Host, type HostError } from '../host';
import { Loaded } from './loaded.svelte';

/** Milliseconds between two looks at an audit under way. */
const LOOK = 1000;
/** Gradings of base and of reference, each. */
const REPEAT = 5;

export class AuditController {
  readonly known = new Loaded<TaskAudit[]>();
  working = $state(false);
  refused = $state.raw<HostError | null>(null);
  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  look = (suite: string): Promise<TaskAudit[] | null> => this.known.load(() => this.#host.query({ query: 'audits', suite }));

  /** Audits what was not audited yet; tasks appear as they are through. */
  async start(suite: string): Promise<void> {
    this.working = true;
    this.refused = null;
    const timer = setInterval(() => void this.look(suite), LOOK);
    try {
      const audits = await this.#host.act({ action: 'audit_tasks', request: { suite, task: null, repeat: REPEAT, jobs: null } });
      await this.known.load(() => Promise.resolve(audits));
    } catch (thrown) {
      this.refused = asHostError(thrown);
    } finally {
      clearInterval(timer);
      this.working = false;
    }
  }
}
