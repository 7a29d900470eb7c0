import { Client } from "pg";
import { expect, test } from "vitest";
import { testDatabase } from "./postgres.ts";

test("a test's database is empty, its own, and gone after drop, even with a session left open", async () => {
  const database = await testDatabase();
  const left = new Client({ connectionString: database.url });
  left.on("error", () => undefined);
  await left.connect();
  expect(
    (await left.query("select count(*)::int as tables from pg_tables where schemaname = 'public'"))
      .rows,
  ).toEqual([{ tables: 0 }]);
  await database.drop();
  await expect(new Client({ connectionString: database.url }).connect()).rejects.toThrow(
    "does not exist",
  );
});
