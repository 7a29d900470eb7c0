/** Starts one PostgreSQL for the whole test run; every test that needs one takes a database of its own from it. */
import type { TestProject } from "vitest/node";
import { startThrowawayPostgres } from "../../runtime/embedded/postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startThrowawayPostgres(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
  project.provide("postgresUrl", server.url);
  return () => server.stop();
}
