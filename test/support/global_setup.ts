/**
 * Starts one PostgreSQL for the whole test run; every test that needs one takes a
 * database of its own from it, empty or with our tables and the queue's in it: a copy of
 * one that was migrated once, here. TEST_POSTGRES_BIN names the folder of another
 * server's binaries: the tests then run on that version.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startThrowawayPostgres } from "../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../runtime/executor/queue.ts";
import { openDatabase } from "../../runtime/store/database/database.ts";
import { migrate } from "../../runtime/store/database/migrate.ts";
import { createDatabase, MIGRATED } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Otherwise every process that a test starts reads and strips the same TypeScript
  // again: three quarters of its start.
  const compiled = await mkdtemp(join(tmpdir(), "dagsmith-compiled-"));
  process.env.NODE_COMPILE_CACHE = compiled;
  const server = await startThrowawayPostgres(
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
    process.env.TEST_POSTGRES_BIN,
  );
  const db = openDatabase(await createDatabase(server.url, MIGRATED), { poolSize: 2 });
  await migrate(db);
  await migrateQueue(db);
  // PostgreSQL copies only a database without connections.
  await db.close();
  project.provide("postgresUrl", server.url);
  return async () => {
    await server.stop();
    // A process that was told to stop writes what it compiled as its last.
    await rm(compiled, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  };
}
