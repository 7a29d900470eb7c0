/**
 * A fresh database on the run's shared PostgreSQL: empty, or a copy of the one that is
 * migrated.
 */
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { inject } from "vitest";

export interface TestDatabase {
  readonly url: string;
  /** Ends every session that is left, then drops the database. */
  drop(): Promise<void>;
}

/** The database that others are copies of; no connection to it may stay open. */
export const MIGRATED = "migrated";

/** @param from the database to be copied. Default: none, it is empty */
export async function testDatabase({
  from,
}: {
  readonly from?: string;
} = {}): Promise<TestDatabase> {
  const server = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const url = await createDatabase(server, name, from);
  return { url, drop: () => onServer(server, `drop database if exists ${name} with (force)`) };
}

/** @returns its address */
export async function createDatabase(server: string, name: string, from?: string): Promise<string> {
  await onServer(server, `create database ${name}${from === undefined ? "" : ` template ${from}`}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
