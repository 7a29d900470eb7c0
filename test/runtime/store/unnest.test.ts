import { expect, test } from "vitest";
import { rowsOf } from "../../../runtime/store/database/unnest.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();

interface Shown {
  readonly id: number;
  readonly name: string | null;
  readonly at: Date;
  readonly value: unknown;
}

const SHOWN = rowsOf<Shown>(
  {
    id: ["bigint", ({ id }) => id],
    name: ["text", ({ name }) => name],
    at: ["timestamptz", ({ at }) => at],
    value: ["json", ({ value }) => JSON.stringify(value)],
  },
  2,
);

test("columns that are named once give the text of a statement", () => {
  expect(SHOWN.names).toBe("id, name, at, value");
  expect(SHOWN.unnest).toBe("unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::json[])");
  expect(SHOWN.as("v")).toBe(
    "unnest((select $2::bigint[]), (select $3::text[]), (select $4::timestamptz[]), (select $5::json[])) as v (id, name, at, value)",
  );
});

test("rows go into a statement and come back as they were, in their order", async () => {
  const given: readonly Shown[] = [
    { id: 2 ** 40, name: "one", at: new Date(0), value: { list: [1, "a"] } },
    { id: 1, name: null, at: new Date(1), value: null },
  ];
  expect(
    await rows(postgres.db, `select $1::int as more, v.* from ${SHOWN.as("v")}`, [
      7,
      ...SHOWN.values(given),
    ]),
  ).toEqual(given.map((row) => ({ more: 7, ...row })));
});

test("no rows are an empty table", async () => {
  const found = await rows(postgres.db, `select $1::int, v.* from ${SHOWN.as("v")}`, [
    7,
    ...SHOWN.values([]),
  ]);
  expect(found).toEqual([]);
});

test("a NUL in a text becomes a sign that PostgreSQL stores", async () => {
  expect(await rows(postgres.db, "select $1::text as text", ["a\0b"])).toEqual([
    { text: "a\u2400b" },
  ]);
});
