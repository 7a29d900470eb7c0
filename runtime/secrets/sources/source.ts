/** What every place is that connections and variables can come from. */
import type { Connection } from "../../../sdk/connection.ts";
import { DagsmithError } from "../../../sdk/errors.ts";
import type { SecretOwner } from "../encryption.ts";

/** One place of secrets. Each method reads; nothing is ever written through it. */
export interface SecretSource {
  /** As DAG_SECRET_SOURCES names it. */
  readonly name: string;
  /**
   * Null when the source has no such connection. @throws DagsmithError
   * INVALID_CONNECTION; SECRET_SOURCE_FAILED when the source does not answer, because the
   * next source must not answer in its place
   */
  connection(id: string): Promise<Connection | null>;
  /**
   * Null when the source has no such variable. @throws DagsmithError SECRET_SOURCE_FAILED
   */
  variable(key: string): Promise<string | null>;
  /**
   * All secrets that the source has, for a process that masks what others have read. A
   * source that cannot list its secrets has no such method.
   */
  readable?(): Promise<ReadableSecrets>;
  /** Which secrets it has. A source that cannot list its secrets has no such method. */
  names?(): Promise<SecretNames>;
}

interface SecretNames {
  /** Ids of connections, and keys of variables, in small letters. */
  readonly connections: readonly string[];
  readonly variables: readonly string[];
}

export interface ReadableSecrets {
  readonly connections: readonly Connection[];
  readonly variables: ReadonlyMap<string, string>;
}

/** Ids that may be part of a path: no separator, no way up. */
const PLAIN_ID = /^(?!\.+$)[\w.-]{1,200}$/;

/**
 * The name of a secret under a prefix, such as `dagsmith/connections/lake`; null for an
 * id that names none.
 */
export function pathOf(prefix: string, { kind, id }: SecretOwner): string | null {
  return PLAIN_ID.test(id) ? `${prefix}${kind}s/${id}` : null;
}

/** @param reason never repeats a secret or a token */
export function sourceFailed(
  source: string,
  { kind, id }: SecretOwner,
  reason: string,
): DagsmithError {
  return new DagsmithError("SECRET_SOURCE_FAILED", { source, kind, id, reason });
}
