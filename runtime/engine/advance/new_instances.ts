/**
 * The instances that a transaction creates. The store does not know them before they are
 * saved.
 */
import { type FinalState, isFinal } from "../../state/task_state.ts";
import { type Scope, scopeKey } from "../counts/scope.ts";
import { UNROUTED } from "../limits/limits.ts";
import type { NewInstance } from "../store.ts";

export class NewInstances {
  readonly #instances = new Map<string, NewInstance>();

  get all(): readonly NewInstance[] {
    return [...this.#instances.values()];
  }

  /** @param instance its run, its task and its map index */
  at(instance: Scope): NewInstance | undefined {
    return this.#instances.get(scopeKey(instance));
  }

  add(instance: NewInstance): void {
    this.#instances.set(scopeKey(instance), instance);
  }

  /** Takes an instance back. */
  discard(instance: NewInstance): void {
    this.#instances.delete(scopeKey(instance));
  }

  /**
   * Ends a new instance. @returns false when the instance is not new, or has ended
   * already
   */
  end(instance: Scope, state: FinalState, reason: string | null = null): boolean {
    const found = this.at(instance);
    if (!found || isFinal(found.state)) return false;
    this.change(found, state, reason);
    return true;
  }

  /** Ends a new instance, whatever its state. */
  change({ wait: _, ...instance }: NewInstance, state: FinalState, reason: string | null): void {
    this.add({ ...instance, state, reason, route: UNROUTED });
  }

  /** Items of a mapped task or group that wait to be released. */
  scheduled(runId: number, taskId: string): readonly NewInstance[] {
    return this.all.filter(
      (one) => one.runId === runId && one.taskId === taskId && one.state === "scheduled",
    );
  }
}
