/** State that outlives runs: small values by key, which a later run reads. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Json } from "../json.ts";

/** Most bytes of JSON that one value may have. */
export const MAX_STATE_BYTES = 256 * 1024;
/** Most characters of a key. */
export const MAX_STATE_KEY = 200;

/**
 * A value of state, and when it was set.
 * @example
 * const entries: readonly StateEntry[] = await state.list();
 */
export interface StateEntry {
  /** The key under which the value is set. */
  readonly key: string;
  /** The value. */
  readonly value: Json;
  /** 1 for the first value of a key; each set adds 1. */
  readonly revision: number;
  /** ISO 8601 in UTC. */
  readonly updatedAt: string;
}

/**
 * The values of one scope.
 * @example
 * d.task("sync", async ({ state }) => {
 *   const since = await state.get("cursor", z.string());
 *   await state.set("cursor", await syncFrom(since ?? "2026-01-01"));
 * });
 */
export interface StateScope {
  /**
   * The value of a key; undefined when there is none. A value that this try has set is
   * seen by this try at once.
   * @throws DagsmithError INVALID_ARGUMENT for a key that is not allowed
   */
  get(key: string): Promise<Json | undefined>;
  /**
   * The value of a key, checked by any Standard Schema.
   * @throws DagsmithError INVALID_STATE when the value does not fit the schema
   */
  get<Value>(key: string, schema: StandardSchemaV1<unknown, Value>): Promise<Value | undefined>;
  /**
   * Sets a value. It is written when this try succeeds, in the same transaction; a try
   * that fails writes nothing.
   * @param key 1 to 200 characters
   * @param value at most 256 KiB of JSON
   * @param options.now writes at once, whatever becomes of the try
   * @throws DagsmithError INVALID_ARGUMENT, OUTPUT_NOT_JSON, OUTPUT_TOO_LARGE
   */
  set(key: string, value: Json, options?: { readonly now?: boolean }): Promise<void>;
  /** Deletes a value, when the try succeeds or at once, as {@link StateScope.set}. */
  delete(key: string, options?: { readonly now?: boolean }): Promise<void>;
  /**
   * The stored values whose keys begin with a text, by key; at most 1000. Values that
   * this try has set are not among them before it succeeds.
   * @param prefix default: all keys
   */
  list(prefix?: string): Promise<readonly StateEntry[]>;
}

/**
 * State of the DAG, whose values all tasks and runs of the DAG share, and two more
 * scopes. Airflow: variables that tasks set, or a task state store.
 * @example
 * const cursors: StateScope = state.shared("cursors");
 */
export interface StateStore extends StateScope {
  /** State of this task, whose values all runs of the task share. */
  readonly task: StateScope;
  /** State that DAGs share by its name, of 1 to 200 characters. */
  shared(name: string): StateScope;
}
