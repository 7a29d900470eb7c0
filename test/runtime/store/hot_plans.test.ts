/**
 * Statements of services keep plans that do not read the history, over tables that are
 * empty, small or large, analysed or not. test/runtime/store/hot_plans.services.ts does
 * it on other servers, with a million instances.
 */
import { expect, test } from "vitest";
import { costlyBySize, emptySmallAndLarge, hotStatements } from "../../support/hot_plans.ts";
import { migratedDatabase } from "../../support/migrated.ts";

const postgres = migratedDatabase();

test("no statement of a service reads the history from end to end, or costs enough to be compiled, over tables of any size", async () => {
  const statements = await hotStatements(postgres.db);
  expect(statements.length).toBeGreaterThan(60);
  const sizes = await costlyBySize(postgres.db, statements, emptySmallAndLarge(100_000));
  expect(sizes.filter(({ costly }) => costly.length > 0)).toEqual([]);
}, 300_000);
