/**
 * Stores and deletes connections and variables. The audit records the person and the id,
 * never the value.
 */
import type { Connection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { connectionVariable } from "../config/environment_secrets.ts";
import type { ConnectionTypes, TestResult } from "../connections/connection_types.ts";
import { withoutFields } from "../connections/edit.ts";
import { testConnection as testById } from "../connections/test_connection.ts";
import type { ConnectionResolver } from "../secrets/resolver.ts";
import type { StoredSecrets } from "../secrets/stored.ts";
import { audit } from "../store/access/audit.ts";
import { deleteConnection as deleteConnectionRow } from "../store/access/connection.ts";
import { deleteVariable as deleteVariableRow, findVariable } from "../store/access/variable.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { connectionChange } from "./connection_change.ts";
import { editSetting } from "./edit_setting.ts";

const NAME = /^[\w.-]{1,200}$/;

interface By {
  readonly actor: string;
}

interface Change extends By {
  /** The version that the editor has read; 0: a new row. Default: any. */
  readonly version?: number;
}

/** @throws DagsmithError SECRET_KEY_MISSING, CHANGED_MEANWHILE, INVALID_ARGUMENT */
export async function setConnection(
  db: Database,
  stored: StoredSecrets,
  connection: Connection,
  { actor, version }: Change,
): Promise<void> {
  const { id } = connection;
  checkName("id", id);
  const find = (tx: Queryable) => stored.within(tx).editableConnection(id);
  await editSetting(db, { kind: "connection", id, version }, find, async (tx, before) => {
    await stored.within(tx).setConnection(connection);
    const change = connectionChange(before, connection);
    await audit(tx, { actor, action: "set connection", detail: { id }, ...change });
  });
}

export interface ClearFieldsRequest extends Change {
  readonly stored: StoredSecrets;
  readonly types: Pick<ConnectionTypes, "check">;
  readonly id: string;
  /** Names of fields that are set. */
  readonly fields: readonly string[];
}

/**
 * Clears fields of a stored connection; its other fields stay as they are, also secrets
 * that the editor does not know.
 * @throws DagsmithError CONNECTION_NOT_FOUND, INVALID_ARGUMENT, CONNECTION_REFUSED,
 *   CHANGED_MEANWHILE, SECRET_KEY_MISSING, SECRET_UNREADABLE
 */
export async function clearConnectionFields(
  db: Database,
  { stored, types, id, fields, actor, version }: ClearFieldsRequest,
): Promise<void> {
  const read = await stored.editableConnection(id);
  const connection = read && (await stored.connection(id));
  if (!connection)
    throw new DagsmithError("CONNECTION_NOT_FOUND", { id, variable: connectionVariable(id) });
  const cleared = withoutFields(connection, fields);
  await types.check(cleared);
  await setConnection(db, stored, cleared, { actor, version: version ?? read.version });
}

/**
 * @returns false when there was none
 * @throws DagsmithError CHANGED_MEANWHILE
 */
export function deleteConnection(
  db: Database,
  stored: StoredSecrets,
  id: string,
  { actor, version }: Change,
): Promise<boolean> {
  const find = (tx: Queryable) => stored.within(tx).editableConnection(id);
  return editSetting(db, { kind: "connection", id, version }, find, async (tx, row) => {
    if (!row) return false;
    await deleteConnectionRow(tx, id);
    const { before } = connectionChange(row, null);
    await audit(tx, { actor, action: "delete connection", detail: { id }, before });
    return true;
  });
}

/** @throws DagsmithError SECRET_KEY_MISSING, CHANGED_MEANWHILE, INVALID_ARGUMENT */
export async function setVariable(
  db: Database,
  stored: StoredSecrets,
  key: string,
  value: string,
  { actor, version }: Change,
): Promise<void> {
  checkName("key", key);
  await editSetting(db, { kind: "variable", id: key, version }, variable(key), async (tx, row) => {
    await stored.within(tx).setVariable(key, value);
    const change = { before: shown(row), after: { version: (row?.version ?? 0) + 1 } };
    await audit(tx, { actor, action: "set variable", detail: { key }, ...change });
  });
}

/**
 * @returns false when there was none
 * @throws DagsmithError CHANGED_MEANWHILE
 */
export function deleteVariable(
  db: Database,
  key: string,
  { actor, version }: Change,
): Promise<boolean> {
  return editSetting(db, { kind: "variable", id: key, version }, variable(key), async (tx, row) => {
    if (!row) return false;
    await deleteVariableRow(tx, key);
    await audit(tx, { actor, action: "delete variable", detail: { key }, before: shown(row) });
    return true;
  });
}

const variable = (key: string) => (tx: Queryable) => findVariable(tx, key);

/** A value may be a secret: the audit says only that there was one. */
const shown = (row: { readonly version: number } | undefined) =>
  row ? { version: row.version } : null;

/** @throws DagsmithError INVALID_ARGUMENT */
function checkName(argument: string, name: string): void {
  const reason = 'use 1 to 200 letters, digits, "_", "-" or "."';
  if (!NAME.test(name)) throw new DagsmithError("INVALID_ARGUMENT", { argument, reason });
}

/** Records that a person has seen a secret, before it is shown. */
export async function recordReveal(
  db: Database,
  kind: "connection" | "variable",
  id: string,
  { actor }: By,
): Promise<void> {
  await audit(db, { actor, action: `read ${kind}`, detail: { id } });
}

export interface TestConnectionRequest {
  readonly types: ConnectionTypes;
  readonly secrets: Pick<ConnectionResolver, "connection" | "mask">;
  readonly id: string;
  readonly actor: string;
}

/**
 * Tests a connection. The audit says how it ended, because the test uses the secrets.
 * @throws DagsmithError CONNECTION_NOT_FOUND, UNKNOWN_CONNECTION_TYPE,
 *   CONNECTION_TYPES_FAILED
 */
export async function testConnection(
  db: Database,
  { types, secrets, id, actor }: TestConnectionRequest,
): Promise<TestResult> {
  const result = await testById(types, secrets, id);
  await audit(db, { actor, action: "test connection", detail: { id, ok: result.ok } });
  return result;
}
