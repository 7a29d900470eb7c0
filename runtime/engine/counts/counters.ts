/**
 * The counters of some scopes: loaded when they are first needed, changed in memory,
 * saved once.
 */
import { type Scope, scopeKey } from "./scope.ts";
import { type Change, changed, type TaskCounter } from "./task_counter.ts";

export class Counters {
  readonly #counters = new Map<string, TaskCounter>();
  /** Scopes whose counters were loaded, or do not exist. */
  readonly #known = new Set<string>();
  readonly #changed = new Set<string>();

  /** Whether a counter was loaded, or found to be missing. */
  isKnown(scope: Scope): boolean {
    return this.#known.has(scopeKey(scope));
  }

  get(scope: Scope): TaskCounter | undefined {
    return this.#counters.get(scopeKey(scope));
  }

  /** All counters, in the order in which they were added. */
  get all(): readonly TaskCounter[] {
    return [...this.#counters.values()];
  }

  /** The counters that differ from those that were loaded. */
  get changed(): readonly TaskCounter[] {
    return [...this.#changed].flatMap((key) => this.#counters.get(key) ?? []);
  }

  /** Those of these scopes that are not known yet, each once. */
  unknown(scopes: readonly Scope[]): readonly Scope[] {
    const unknown = new Map<string, Scope>();
    for (const scope of scopes) {
      const key = scopeKey(scope);
      if (!this.#known.has(key)) unknown.set(key, scope);
    }
    return [...unknown.values()];
  }

  /**
   * Adds counters as they are stored.
   * @param scopes that were asked for; those not among `stored` have no counter
   */
  load(scopes: readonly Scope[], stored: readonly TaskCounter[]): void {
    for (const scope of scopes) this.#known.add(scopeKey(scope));
    for (const counter of stored) this.#counters.set(scopeKey(counter), counter);
  }

  set(counter: TaskCounter): void {
    const key = scopeKey(counter);
    this.#counters.set(key, counter);
    this.#known.add(key);
    this.#changed.add(key);
  }

  /**
   * Applies a change. A scope without a counter is in a group that does not run: nothing
   * changes.
   */
  apply(change: Change): void {
    const counter = this.get(change);
    if (counter) this.set(changed(counter, change));
  }

  /** Forgets counters that were deleted from the store. */
  delete(isDeleted: (scope: Scope) => boolean): void {
    for (const [key, counter] of this.#counters) {
      if (!isDeleted(counter)) continue;
      this.#counters.delete(key);
      this.#changed.delete(key);
    }
  }
}
