/**
 * Connections and variables in the database, sealed and opened with the keys of the
 * deployment.
 */
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { allConnections, findConnection, putConnection } from "../store/access/connection.ts";
import { allVariables, findVariable, putVariable } from "../store/access/variable.ts";
import type { Queryable } from "../store/database/database.ts";
import type { ExpectedVersion } from "../store/database/expected_version.ts";
import type { SecretOwner } from "./encryption.ts";
import { type Sealed, type SecretKeys, seal, unseal } from "./keys.ts";
import type { ReadableSecrets, SecretSource } from "./sources/source.ts";

/** The stored connections and variables, readable. */
export interface StoredSecrets extends SecretSource {
  /**
   * Null when it is not stored. @throws DagsmithError SECRET_KEY_MISSING,
   * SECRET_UNREADABLE
   */
  connection(id: string): Promise<Connection | null>;
  /**
   * Null when it is not stored. @throws DagsmithError SECRET_KEY_MISSING,
   * SECRET_UNREADABLE
   */
  variable(key: string): Promise<string | null>;
  /** All secrets that these keys can open; others are left out. */
  readable(): Promise<ReadableSecrets>;
  /** @throws DagsmithError SECRET_KEY_MISSING, CHANGED_MEANWHILE */
  setConnection(connection: Connection, expected?: ExpectedVersion): Promise<void>;
  /** @throws DagsmithError SECRET_KEY_MISSING, CHANGED_MEANWHILE */
  setVariable(key: string, value: string, expected?: ExpectedVersion): Promise<void>;
}

/**
 * @param keys null when DAG_SECRET_KEY is not set: then only a request for a stored
 *   secret fails
 */
export function storedSecrets(db: Queryable, keys: SecretKeys | null): StoredSecrets {
  const needKeys = (): SecretKeys => {
    if (keys === null) throw new DagsmithError("SECRET_KEY_MISSING", {});
    return keys;
  };
  return {
    name: "database",
    connection: async (id) => {
      const sealed = await findConnection(db, id);
      return sealed && parseConnection(id, unseal(needKeys(), { kind: "connection", id }, sealed));
    },
    variable: async (id) => {
      const sealed = await findVariable(db, id);
      return sealed && unseal(needKeys(), { kind: "variable", id }, sealed);
    },
    readable: async () =>
      keys === null ? { connections: [], variables: new Map() } : readAll(db, keys),
    setConnection: async ({ id, ...fields }, expected = null) => {
      const sealed = seal(needKeys(), { kind: "connection", id }, JSON.stringify(fields));
      if (!(await putConnection(db, { id, type: fields.type, ...sealed }, expected)))
        throw new DagsmithError("CHANGED_MEANWHILE", { kind: "connection", id });
    },
    setVariable: async (id, value, expected = null) => {
      const sealed = seal(needKeys(), { kind: "variable", id }, value);
      if (!(await putVariable(db, { key: id, ...sealed }, expected)))
        throw new DagsmithError("CHANGED_MEANWHILE", { kind: "variable", id });
    },
  };
}

async function readAll(db: Queryable, keys: SecretKeys): ReturnType<StoredSecrets["readable"]> {
  const [connections, variables] = await Promise.all([allConnections(db), allVariables(db)]);
  return {
    connections: connections.flatMap(({ id, ...sealed }) => {
      const text = readableText(keys, { kind: "connection", id }, sealed);
      return text === null ? [] : [parseConnection(id, text)];
    }),
    variables: new Map(
      variables.flatMap(({ key: id, ...sealed }) => {
        const text = readableText(keys, { kind: "variable", id }, sealed);
        return text === null ? [] : [[id, text] as const];
      }),
    ),
  };
}

/**
 * A secret that is sealed with another key cannot leak from this process, so the masker
 * need not know it.
 */
function readableText(keys: SecretKeys, owner: SecretOwner, sealed: Sealed): string | null {
  try {
    return unseal(keys, owner, sealed);
  } catch {
    return null;
  }
}
