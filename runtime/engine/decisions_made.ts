/**
 * Remembers, for one round, what deciding tasks decided, so that it is read once however many tasks it concerns. A round in which nothing
 * decides reads nothing.
 */
import { passedOver } from "./deciders.ts";
import { type PlannedTask, plannedTask } from "./plan.ts";
import { type EngineTx, IN_A_FILE, type LockedRun } from "./store.ts";

export class DecisionsMade {
  readonly #tx: EngineTx;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(tx: EngineTx) {
    this.#tx = tx;
  }

  /** The task before this one that passes it over. */
  async passedOverBy(run: LockedRun, { spec, deciders }: PlannedTask): Promise<string | undefined> {
    for (const decider of deciders) if ((await this.passedOver(run, decider)).has(spec.taskId)) return decider;
    return undefined;
  }

  /** The tasks that a deciding task passes over. */
  async passedOver(run: LockedRun, taskId: string): Promise<ReadonlySet<string>> {
    const key = `${run.id}/${taskId}`;
    const known = this.#known.get(key);
    if (known) return known;
    const output = await this.#tx.output(run.id, taskId, plannedTask(run.plan, taskId).spec.each !== null);
    const found = new Set(passedOver(run.plan, taskId, output === IN_A_FILE ? undefined : output));
    // One that has not decided yet may do so within this round.
    if (output !== undefined) this.#known.set(key, found);
    return found;
  }
}
