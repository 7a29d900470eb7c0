/** Finds the database of a command, and opens it while the command runs. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { Database } from "../../store/database/database.ts";
import type { Cli } from "../command.ts";
import { findRunningDev, projectFiles } from "./project.ts";

/**
 * DATABASE_URL, else the database of the `dag dev` that runs in this folder, else null.
 */
export async function findDatabaseUrl(cli: Pick<Cli, "config" | "folder">): Promise<string | null> {
  return (
    cli.config.databaseUrl ?? (await findRunningDev(projectFiles(cli.folder)))?.databaseUrl ?? null
  );
}

/** @throws DagsmithError DATABASE_NOT_SET */
export async function needDatabaseUrl(cli: Pick<Cli, "config" | "folder">): Promise<string> {
  const url = await findDatabaseUrl(cli);
  if (url === null) throw new DagsmithError("DATABASE_NOT_SET", {});
  return url;
}

/**
 * Runs `work` with the database, whose schema fits this code.
 * @throws DagsmithError DATABASE_NOT_SET, NO_DATABASE within seconds, SCHEMA_OLDER,
 *   SCHEMA_NEWER
 */
export async function withDatabase<Result>(
  cli: Pick<Cli, "config" | "folder">,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  return withDatabaseAt(cli, await needDatabaseUrl(cli), async (db) => {
    const { assertSchema } = await import("../../store/database/schema.ts");
    await assertSchema(db);
    return work(db);
  });
}

/** DATABASE_URL_DIRECT, for the database that DATABASE_URL names and for no other. */
export function directAddress(
  { config: { databaseUrl, databaseUrlDirect } }: Pick<Cli, "config">,
  url: string,
): { readonly directUrl?: string } {
  return databaseUrlDirect !== null && url === databaseUrl ? { directUrl: databaseUrlDirect } : {};
}

/** The same, with any schema. */
export async function withDatabaseAt<Result>(
  cli: Pick<Cli, "config">,
  url: string,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  const { assertReachable } = await import("../../store/database/probe.ts");
  await assertReachable(url);
  const { openDatabase } = await import("../../store/database/database.ts");
  // A user waits: when the server is lost now, that is an error, and the command must not
  // wait for it.
  const db = openDatabase(url, {
    poolSize: 4,
    signal: AbortSignal.abort(),
    ...directAddress(cli, url),
  });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
