/** State in tests: given as values by key, and read back after the run. */
import type { Json } from "../../sdk/json.ts";
import type { StateHost } from "../child/context/task_state.ts";
import { MemoryState } from "../engine/memory/state.ts";
import type { StateChange } from "../engine/results/outcome.ts";
import { storedScope } from "../engine/results/state_scope.ts";

/**
 * Values of state. A key alone is of the DAG's own scope; `task:load/cursor` is the key
 * `cursor` of the task `load`, and `shared:cursors/orders` the key `orders` of the scope
 * `cursors`.
 * @example const state: StateValues = { cursor: 12, "shared:cursors/orders": "2026-01-01" };
 */
export type StateValues = Readonly<Record<string, Json>>;

interface Owner {
  readonly dagId: string;
  readonly taskId: string;
}

/** Tests have no clock of their own. */
const SET_AT = "1970-01-01T00:00:00.000Z";

export function memoryState(values: StateValues = {}, dagId: string): MemoryState {
  const state = new MemoryState();
  for (const [name, value] of Object.entries(values)) {
    const [, kind, owner = "", key = ""] = /^(task|shared):([^/]+)\/(.+)$/s.exec(name) ?? [];
    const scope = kind === undefined ? "dag" : kind === "task" ? "task" : `shared:${owner}`;
    const stored = storedScope(scope, { dagId, taskId: owner });
    state.change(
      { scope: stored, key: kind === undefined ? name : key, json: JSON.stringify(value) },
      SET_AT,
    );
  }
  return state;
}

/** What a task reads and writes. */
export function stateHost(state: MemoryState, owner: Owner): StateHost {
  return {
    readState: async (scope, key) => state.get(storedScope(scope, owner), key),
    listState: async (scope, prefix) => state.list(storedScope(scope, owner), prefix),
    writeState: async (change) => changeState(state, owner, change),
  };
}

export function changeState(state: MemoryState, owner: Owner, change: StateChange): void {
  state.change({ ...change, scope: storedScope(change.scope, owner) }, SET_AT);
}

/** All values, in the form in which a test gives them. */
export function stateValues(state: MemoryState, dagId: string): StateValues {
  return Object.fromEntries(
    state.all().map(({ scope, key, value }) => {
      if (scope === `dag:${dagId}`) return [key, value];
      return [`${scope.replace(`task:${dagId}/`, "task:")}/${key}`, value];
    }),
  );
}
