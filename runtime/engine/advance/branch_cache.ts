/**
 * What branch tasks decided, read once in a transaction however many tasks after them it
 * concerns. A transaction without a branch task reads nothing.
 */
import type { Json } from "../../../sdk/json.ts";
import { type Scope, scopeKey } from "../counts/scope.ts";
import { skippedByBranch } from "../plan/branch_tasks.ts";
import type { PlannedTask } from "../plan/plan.ts";
import { type EngineTx, IN_A_FILE, type LockedRun } from "../store.ts";

export class BranchCache {
  readonly #tx: EngineTx;
  readonly #skipped = new Map<string, ReadonlySet<string>>();

  constructor(tx: EngineTx) {
    this.#tx = tx;
  }

  /**
   * Keeps the output of a branch task that has just ended, so that it need not be read.
   */
  rememberDecision({ plan }: LockedRun, branch: Scope, output: Json): void {
    this.#skipped.set(scopeKey(branch), new Set(skippedByBranch(plan, branch.taskId, output)));
  }

  /**
   * The branch task that skips a task; undefined when none does.
   * @param mapIndex of both scopes
   */
  async skipping(
    run: LockedRun,
    { spec, branchTasks }: PlannedTask,
    mapIndex: number,
  ): Promise<string | undefined> {
    for (const taskId of branchTasks)
      if ((await this.skippedBy(run, { runId: run.id, taskId, mapIndex })).has(spec.taskId))
        return taskId;
    return undefined;
  }

  /** The tasks that a branch task skips. */
  async skippedBy(
    run: LockedRun,
    { runId, taskId, mapIndex }: Scope,
  ): Promise<ReadonlySet<string>> {
    const key = scopeKey({ runId, taskId, mapIndex });
    const known = this.#skipped.get(key);
    if (known) return known;
    const output = await this.#tx.output(runId, taskId, mapIndex);
    const skipped = new Set(
      skippedByBranch(run.plan, taskId, output === IN_A_FILE ? undefined : output),
    );
    // A branch task without an output may still decide in this transaction.
    if (output !== undefined) this.#skipped.set(key, skipped);
    return skipped;
  }
}
