/**
 * Connections and variables in the database, sealed and opened with the keys of the
 * deployment.
 */
import { type Connection, parseConnection } from "../../sdk/connection.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { allConnections, findConnection, putConnection } from "../store/access/connection.ts";
import { allVariables, findVariable, putVariable } from "../store/access/variable.ts";
import type { Queryable } from "../store/database/database.ts";
import type { SecretOwner } from "./encryption.ts";
import { type Sealed, type SecretKeys, seal, unseal } from "./keys.ts";
import type { ReadableSecrets, SecretSource } from "./sources/source.ts";

/** A stored secret, for people who change it. */
export interface Editable<Value> {
  /** Counts changes, from 1. */
  readonly version: number;
  /** Null when none of the keys opens it. */
  readonly value: Value | null;
}

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
  /** Null when it is not stored. */
  editableConnection(id: string): Promise<Editable<Connection> | null>;
  /** Null when it is not stored. */
  editableVariable(key: string): Promise<Editable<string> | null>;
  /** @throws DagsmithError SECRET_KEY_MISSING */
  setConnection(connection: Connection): Promise<void>;
  /** @throws DagsmithError SECRET_KEY_MISSING */
  setVariable(key: string, value: string): Promise<void>;
  /** The same in a transaction. */
  within(tx: Queryable): StoredSecrets;
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
    editableConnection: async (id) => {
      const row = await findConnection(db, id);
      const text = row && readableText(keys, { kind: "connection", id }, row);
      return (
        row && { version: row.version, value: text === null ? null : parseConnection(id, text) }
      );
    },
    editableVariable: async (id) => {
      const row = await findVariable(db, id);
      const value = row && readableText(keys, { kind: "variable", id }, row);
      return row && { version: row.version, value };
    },
    setConnection: async ({ id, ...fields }) => {
      const sealed = seal(needKeys(), { kind: "connection", id }, JSON.stringify(fields));
      await putConnection(db, { id, type: fields.type, ...sealed });
    },
    setVariable: async (id, value) => {
      const sealed = seal(needKeys(), { kind: "variable", id }, value);
      await putVariable(db, { key: id, ...sealed });
    },
    within: (tx) => storedSecrets(tx, keys),
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
function readableText(keys: SecretKeys | null, owner: SecretOwner, sealed: Sealed): string | null {
  try {
    return keys && unseal(keys, owner, sealed);
  } catch {
    return null;
  }
}
