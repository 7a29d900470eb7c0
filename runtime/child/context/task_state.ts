/**
 * State as a task uses it: what it sets waits for the success of its try, and is seen by
 * the task itself at once.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DagsmithError } from "../../../sdk/errors.ts";
import { type Json, toJson } from "../../../sdk/json.ts";
import {
  MAX_STATE_BYTES,
  MAX_STATE_KEY,
  type StateEntry,
  type StateScope,
  type StateStore,
} from "../../../sdk/task/state_store.ts";
import type { StateChange } from "../../engine/results/outcome.ts";

/** Where state is stored. A scope is `dag`, `task`, or `shared:` and a name. */
export interface StateHost {
  /** JSON text; null when there is no value. */
  readState(scope: string, key: string): Promise<string | null>;
  listState(scope: string, prefix: string): Promise<readonly StateEntry[]>;
  /** Writes at once. */
  writeState(change: StateChange): Promise<void>;
}

/** The state of a try, and the changes that wait for its success. */
export interface TryState {
  readonly store: StateStore;
  /** In the order of their first set. */
  changes(): readonly StateChange[];
}

/** The state of one try. */
export function tryState(host: StateHost): TryState {
  const waiting = new Map<string, StateChange>();
  const scope = (name: string): StateScope => new Scope(name, host, waiting);
  const shared = (name: string): StateScope => scope(`shared:${checked(name, "state name")}`);
  const store = Object.assign(scope("dag"), { task: scope("task"), shared });
  return { store, changes: () => [...waiting.values()] };
}

class Scope implements StateScope {
  readonly #scope: string;
  readonly #host: StateHost;
  readonly #waiting: Map<string, StateChange>;

  constructor(scope: string, host: StateHost, waiting: Map<string, StateChange>) {
    this.#scope = scope;
    this.#host = host;
    this.#waiting = waiting;
  }

  async get<Value = Json>(
    key: string,
    schema?: StandardSchemaV1<unknown, Value>,
  ): Promise<Value | undefined> {
    const waiting = this.#waiting.get(this.#place(key));
    const json = waiting ? waiting.json : await this.#host.readState(this.#scope, key);
    if (json === null) return undefined;
    const value: unknown = JSON.parse(json);
    return schema ? this.#fitting(key, value, schema) : (value as Value);
  }

  set(key: string, value: Json, { now = false } = {}): Promise<void> {
    return this.#change(key, toJson(value, MAX_STATE_BYTES), now);
  }

  delete(key: string, { now = false } = {}): Promise<void> {
    return this.#change(key, null, now);
  }

  list(prefix = ""): Promise<readonly StateEntry[]> {
    return this.#host.listState(this.#scope, prefix);
  }

  async #change(key: string, json: string | null, now: boolean): Promise<void> {
    const place = this.#place(key);
    const change = { scope: this.#scope, key, json };
    if (!now) return void this.#waiting.set(place, change);
    await this.#host.writeState(change);
    // An earlier value that still waits must not come after this one.
    this.#waiting.delete(place);
  }

  #place(key: string): string {
    return JSON.stringify([this.#scope, checked(key, "state key")]);
  }

  async #fitting<Value>(
    key: string,
    value: unknown,
    schema: StandardSchemaV1<unknown, Value>,
  ): Promise<Value> {
    const result = await schema["~standard"].validate(value);
    if (!result.issues) return result.value;
    const problems = result.issues.map(({ message }) => message).join("; ");
    throw new DagsmithError("INVALID_STATE", { key, scope: this.#scope, problems });
  }
}

function checked(text: string, argument: string): string {
  if (typeof text === "string" && text.length >= 1 && text.length <= MAX_STATE_KEY) return text;
  const reason = `it has 1 to ${MAX_STATE_KEY} characters`;
  throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}
