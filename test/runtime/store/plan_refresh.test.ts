/**
 * The server keeps the plan of a named statement, for any number of rows, and the plan
 * follows the sizes of the tables.
 */
import { expect, test } from "vitest";
import { rowsOf } from "../../../runtime/store/database/unnest.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";

// One connection: plans are kept by connection.
const postgres = migratedDatabase(1);

const BY_KEY = {
  name: "plan_refresh_by_key",
  text: `
update dagsmith.plan_refresh t set n = v.n
from unnest($1::bigint[], $2::int[]) as v (id, n) where t.id = v.id`,
};

let asked = 0;
/** The plan that the connection has for the statement. */
async function planNow(): Promise<string> {
  asked += 1;
  const lines = await postgres.db.query<{ "QUERY PLAN": string }>({
    name: `plan_refresh_plan_${asked}`,
    text: `explain execute ${BY_KEY.name} ('{1}', '{1}')`,
  });
  return lines.map((line) => line["QUERY PLAN"]).join("\n");
}

test("a plan that was made while its table was empty is made again when the table has grown", async () => {
  await rows(
    postgres.db,
    // As wide as an instance: the server guesses how many such rows an empty table will
    // have.
    `create table dagsmith.plan_refresh (id bigint primary key, n int,
       a text, b text, c text, d text, e text, f text) with (autovacuum_enabled = off)`,
  );
  // After five plans for their own values the server keeps one plan for all values,
  // because that plan expects ten rows and is the cheaper one.
  const many = Array.from({ length: 100 }, (_, index) => index);
  for (let time = 0; time < 8; time += 1) await postgres.db.query(BY_KEY, [many, many]);
  await rows(
    postgres.db,
    "insert into dagsmith.plan_refresh select id, 0 from generate_series(1, 50000) as id",
  );
  expect(await planNow()).toContain("Seq Scan on plan_refresh");
  await until("a plan that looks into the key", async () => {
    await postgres.db.query(BY_KEY, [[1], [1]]);
    return !(await planNow()).includes("Seq Scan on plan_refresh");
  });
});

const NUMBERED = rowsOf<{ readonly id: number; readonly n: number }>({
  id: ["bigint", ({ id }) => id],
  n: ["int", ({ n }) => n],
});
const NUMBER = {
  name: "plan_refresh_number",
  text: `
update dagsmith.kept_plan t set n = v.n from ${NUMBERED.as("v")} where t.id = v.id`,
};

test("a statement for one row is planned no more often than one for many", async () => {
  await rows(
    postgres.db,
    "create table dagsmith.kept_plan (id bigint primary key, n int) with (autovacuum_enabled = off)",
  );
  await rows(
    postgres.db,
    "insert into dagsmith.kept_plan select id, 0 from generate_series(1, 50000) as id",
  );
  for (let time = 0; time < 20; time += 1)
    await postgres.db.query(NUMBER, NUMBERED.values([{ id: time, n: time }]));
  // The server tries five plans for their own values before it keeps one for all.
  expect(
    await rows(
      postgres.db,
      "select custom_plans as made, generic_plans as kept from pg_prepared_statements where name = $1",
      [NUMBER.name],
    ),
  ).toEqual([{ made: 5, kept: 15 }]);
});
