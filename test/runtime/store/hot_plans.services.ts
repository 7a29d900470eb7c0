/**
 * The statements of services on every version of PostgreSQL, and over a million
 * instances: see hot_plans.test.ts.
 */
import { expect, it, onTestFinished } from "vitest";
import { startThrowawayPostgres } from "../../../runtime/embedded/postgres.ts";
import { migrateQueue } from "../../../runtime/executor/queue.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { describeWith } from "../../support/counterpart.ts";
import {
  costlyBySize,
  emptySmallAndLarge,
  hotStatements,
  type PlannedSize,
} from "../../support/hot_plans.ts";
import { findPostgres, postgresVersions } from "../../support/installed_postgres.ts";

async function migrated(bin: string): Promise<Database> {
  const server = await startThrowawayPostgres(["fsync=off"], bin);
  onTestFinished(() => server.stop());
  const db = openDatabase(server.url);
  onTestFinished(() => db.close());
  await migrate(db);
  await migrateQueue(db);
  return db;
}

async function expectCheapPlans(bin: string, planned: readonly PlannedSize[]): Promise<void> {
  const db = await migrated(bin);
  const sizes = await costlyBySize(db, await hotStatements(db), planned);
  expect(sizes.filter(({ costly }) => costly.length > 0)).toEqual([]);
}

for (const [name, server] of postgresVersions())
  describeWith(name, server, (bin) => {
    it(
      "keeps plans that do not read the history, over tables that are empty, small or large, analysed or not",
      () => expectCheapPlans(bin, emptySmallAndLarge(30_000)),
      300_000,
    );
  });

describeWith("an installed PostgreSQL", findPostgres(), (bin) => {
  it(
    "keeps such plans over a million instances, never analysed, and analysed as autovacuum does",
    () =>
      expectCheapPlans(
        bin,
        [false, true].map((isAnalysed) => ({ instances: 1_000_000, isAnalysed })),
      ),
    900_000,
  );
});
