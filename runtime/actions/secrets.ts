/**
 * Stores and deletes connections and variables. The audit records the person and the id,
 * never the value.
 */
import type { Connection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { ConnectionTypes, TestResult } from "../connections/connection_types.ts";
import { testConnection as testById } from "../connections/test_connection.ts";
import type { ConnectionResolver } from "../secrets/resolver.ts";
import type { StoredSecrets } from "../secrets/stored.ts";
import { audit } from "../store/access/audit.ts";
import { deleteConnection as deleteConnectionRow } from "../store/access/connection.ts";
import { deleteVariable as deleteVariableRow } from "../store/access/variable.ts";
import type { Database } from "../store/database/database.ts";

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
  checkName("id", connection.id);
  await stored.setConnection(connection, version);
  await audit(db, {
    actor,
    action: "set connection",
    detail: { id: connection.id, type: connection.type },
  });
}

/** @returns false when there was none */
export async function deleteConnection(db: Database, id: string, { actor }: By): Promise<boolean> {
  const existed = await deleteConnectionRow(db, id);
  if (existed) await audit(db, { actor, action: "delete connection", detail: { id } });
  return existed;
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
  await stored.setVariable(key, value, version);
  await audit(db, { actor, action: "set variable", detail: { key } });
}

/** @returns false when there was none */
export async function deleteVariable(db: Database, key: string, { actor }: By): Promise<boolean> {
  const existed = await deleteVariableRow(db, key);
  if (existed) await audit(db, { actor, action: "delete variable", detail: { key } });
  return existed;
}

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
