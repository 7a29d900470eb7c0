/**
 * Starts one PostgreSQL for the whole test run; every test that needs one takes a database of its own from it, empty or with our tables and the
 * queue's in it: a copy of one that was migrated once, here.
 */
import type { TestProject } from "vitest/node";
import { startThrowawayPostgres } from "../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../runtime/executor/queue.ts";
import { openDatabase } from "../../runtime/store/database.ts";
import { migrate } from "../../runtime/store/migrate.ts";
import { createDatabase, MIGRATED } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startThrowawayPostgres(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
  const db = openDatabase(await createDatabase(server.url, MIGRATED), { poolSize: 2 });
  await migrate(db);
  await migrateQueue(db);
  // PostgreSQL copies only what nobody is connected to.
  await db.close();
  project.provide("postgresUrl", server.url);
  return () => server.stop();
}
