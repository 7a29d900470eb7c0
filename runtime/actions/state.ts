/** What people do with the state that tasks keep between runs. */
import { DagsmithError } from "../../sdk/errors.ts";
import { type Json, toJson } from "../../sdk/json.ts";
import { MAX_STATE_BYTES, MAX_STATE_KEY } from "../../sdk/task/state_store.ts";
import { audit } from "../store/access/audit.ts";
import type { Database } from "../store/database/database.ts";
import { deleteState, lockState, setState } from "../store/values/state.ts";

/** Where a value is. */
export interface StatePlace {
  /** As it is stored: `dag:orders`, `task:orders/load`, `shared:cursors`. */
  readonly scope: string;
  readonly key: string;
  readonly actor: string;
}

/**
 * The scope that a person names: a DAG (`orders`), a task (`orders/load`), or a scope
 * that DAGs share (`shared:cursors`).
 * @throws DagsmithError INVALID_ARGUMENT
 */
export function scopeNamed(text: string): string {
  if (/^shared:./.test(text)) return text;
  if (/^[^:/]+$/.test(text)) return `dag:${text}`;
  if (/^[^:/]+\/[^:/]+$/.test(text)) return `task:${text}`;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "scope",
    reason: "write the id of a DAG, <dag>/<task>, or shared:<name>",
  });
}

/**
 * Sets a value. A task that runs now may have read the value before.
 * @throws DagsmithError INVALID_ARGUMENT, OUTPUT_TOO_LARGE
 */
export async function setStateValue(
  db: Database,
  { scope, key, value, actor }: StatePlace & { readonly value: Json },
): Promise<void> {
  if (key === "" || key.length > MAX_STATE_KEY)
    throw new DagsmithError("INVALID_ARGUMENT", {
      argument: "key",
      reason: `it has 1 to ${MAX_STATE_KEY} characters`,
    });
  const json = toJson(value, MAX_STATE_BYTES);
  await db.transaction(async (tx) => {
    const before = parsed(await lockState(tx, scope, key));
    await setState(tx, { scope, key, json });
    const entry = { actor, ...dagOf(scope), detail: { scope, key } };
    await audit(tx, { ...entry, action: "set state", before, after: { value } });
  });
}

/** Deletes a value. @returns false when there was none */
export async function deleteStateValue(
  db: Database,
  { scope, key, actor }: StatePlace,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const before = parsed(await lockState(tx, scope, key));
    const deleted = await deleteState(tx, scope, key);
    const entry = { actor, ...dagOf(scope), detail: { scope, key } };
    if (deleted) await audit(tx, { ...entry, action: "delete state", before });
    return deleted;
  });
}

const parsed = (json: string | null): Json => json && { value: JSON.parse(json) as Json };

/** The DAG whose audit has the change; nothing for state that DAGs share. */
function dagOf(scope: string): { readonly dagId?: string } {
  const dagId = /^(?:dag|task):([^/]+)/.exec(scope)?.[1];
  return dagId === undefined ? {} : { dagId };
}
