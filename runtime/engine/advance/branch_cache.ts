/**
 * Remembers, for one round, what deciding tasks decided, so that it is read once however many tasks it concerns. A round in which nothing
 * decides reads nothing.
 */
import type { Json } from "../../../sdk/json.ts";
import { scopeKey } from "../counts/deltas.ts";
import { skippedByBranch } from "../plan/branch_tasks.ts";
import type { PlannedTask } from "../plan/plan.ts";
import { type Counted, type EngineTx, IN_A_FILE, type LockedRun } from "../store.ts";

export class DecisionsMade {
  readonly #tx: EngineTx;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(tx: EngineTx) {
    this.#tx = tx;
  }

  /** What a task has just returned need not be read. */
  heard(run: LockedRun, of: Counted, output: Json): void {
    this.#known.set(scopeKey(of), new Set(skippedByBranch(run.plan, of.taskId, output)));
  }

  /** The task before this one that passes it over. @param mapIndex its place, which is that of those that decide about it */
  async skippedByBranchOf(
    run: LockedRun,
    { spec, deciders }: PlannedTask,
    mapIndex: number,
  ): Promise<string | undefined> {
    for (const taskId of deciders)
      if ((await this.skippedByBranch(run, { runId: run.id, taskId, mapIndex })).has(spec.taskId))
        return taskId;
    return undefined;
  }

  /** The tasks that a deciding task passes over. */
  async skippedByBranch(run: LockedRun, of: Counted): Promise<ReadonlySet<string>> {
    const key = scopeKey(of);
    const known = this.#known.get(key);
    if (known) return known;
    const output = await this.#tx.output(run.id, of.taskId, of.mapIndex);
    const found = new Set(
      skippedByBranch(run.plan, of.taskId, output === IN_A_FILE ? undefined : output),
    );
    // One that has not decided yet may do so within this round.
    if (output !== undefined) this.#known.set(key, found);
    return found;
  }
}
