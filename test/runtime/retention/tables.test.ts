/** Every table that grows has an end, and docs/operations.md says which. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RETENTION_KINDS } from "../../../runtime/retention.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const DOCUMENT = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");

const [KINDS_PART = "", TABLES_PART = ""] = DOCUMENT.split("### Each table");

/** The rows of a part's table whose first cell is a name in code. */
const entriesOf = (part: string) =>
  [...part.matchAll(/^\| `([\w-]+)` \| .+ \| (.+) \|$/gm)].map(([, name = "", until = ""]) => ({
    name,
    until,
  }));

test("every table of the schema has a row in docs/operations.md, and no other has", async () => {
  const tables = await rows<{ name: string }>(
    postgres.db,
    `select relname as name from pg_class
     where relnamespace = 'dagsmith'::regnamespace and relkind = 'r' and relname not like 'migration%'
     order by 1`,
  );
  const named = entriesOf(TABLES_PART).map(({ name }) => name);
  expect(named).toEqual(tables.map(({ name }) => name));
});

test("every kind is explained, and a table names only kinds that there are", () => {
  const explained = entriesOf(KINDS_PART).map(({ name }) => name);
  expect(explained).toEqual([...RETENTION_KINDS]);
  const used = entriesOf(TABLES_PART).flatMap(({ until }) =>
    [...until.matchAll(/kind `([\w-]+)`/g)].map(([, kind = ""]) => kind),
  );
  expect([...new Set(used)].toSorted()).toEqual([...RETENTION_KINDS].toSorted());
});
