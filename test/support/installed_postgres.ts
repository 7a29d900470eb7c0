/** A PostgreSQL that is installed on this machine, as Debian and the PostgreSQL project package it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Counterpart } from "./counterpart.ts";

const DEBIAN = "/usr/lib/postgresql";

/**
 * The folder of its `initdb` and `postgres`: TEST_POSTGRES_BIN, else the newest version under
 * /usr/lib/postgresql.
 */
export function findPostgres(): Counterpart<string> {
  const named = process.env.TEST_POSTGRES_BIN;
  if (named !== undefined) return { found: named };
  const newest = versions().at(-1);
  return newest === undefined
    ? { missing: `no server under ${DEBIAN}; install Debian's package postgresql` }
    : { found: join(DEBIAN, String(newest), "bin") };
}

/** Major versions with a server (a client's package makes a folder as well), oldest first. */
function versions(): readonly number[] {
  return filesIn(DEBIAN)
    .filter((version) => filesIn(join(DEBIAN, version, "bin")).includes("postgres"))
    .map(Number)
    .sort((one, other) => one - other);
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
