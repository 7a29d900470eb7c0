/** The tries that a worker has claimed: by a job of the queue, or as what follows a try. */
import type { ClaimedInstance } from "../engine/store.ts";
import type { TryRef } from "../state/task_state.ts";
import type { Database } from "../store/database/database.ts";
import { startTries } from "../store/instances/start_tries.ts";
import { Batcher } from "./batcher.ts";

export class Claims {
  readonly #db: Database;
  readonly #workerId: string;
  /** Instances that are claimed and not recorded yet, by id. */
  readonly #claimed = new Map<number, ClaimedInstance>();
  /** Instances whose claim is not answered yet. */
  readonly #asked = new Set<number>();
  readonly #batcher = new Batcher((refs: readonly TryRef[]) => this.#claimAll(refs));

  constructor(db: Database, workerId: string) {
    this.#db = db;
    this.#workerId = workerId;
  }

  /** Undefined when the try has moved on, or the worker was declared lost. */
  claim(ref: TryRef): Promise<ClaimedInstance | undefined> {
    return this.#batcher.add(ref);
  }

  /** Adds instances that the worker took over. */
  add(instances: readonly ClaimedInstance[]): void {
    for (const instance of instances) this.#claimed.set(instance.id, instance);
  }

  /** The next try of the same instance may already be claimed. */
  forget(instance: ClaimedInstance): void {
    if (this.#claimed.get(instance.id) === instance) this.#claimed.delete(instance.id);
  }

  /** Whether this worker runs the try, or will know of it soon. */
  knows({ instanceId, tryNumber }: TryRef): boolean {
    return this.#asked.has(instanceId) || this.#claimed.get(instanceId)?.tryNumber === tryNumber;
  }

  async #claimAll(refs: readonly TryRef[]): Promise<readonly (ClaimedInstance | undefined)[]> {
    for (const { instanceId } of refs) this.#asked.add(instanceId);
    try {
      const moved = await startTries(this.#db, this.#workerId, refs);
      this.add(moved);
      const claimed = new Map(moved.map((instance) => [instance.id, instance]));
      return refs.map(({ instanceId }) => {
        const instance = claimed.get(instanceId);
        // When a batch has two copies of a job, only one may run.
        claimed.delete(instanceId);
        return instance;
      });
    } finally {
      for (const { instanceId } of refs) this.#asked.delete(instanceId);
    }
  }
}
