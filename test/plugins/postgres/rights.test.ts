/**
 * The error for a role that lacks a right names the GRANT that gives it, and comes at
 * once.
 */
import type { LoadTarget } from "dagsmith/plugins/postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Lake, openLake } from "../../support/lake.ts";

let lake: Lake;
let role: string;
let url: string;
beforeEach(async () => {
  lake = await openLake();
  role = `loader_${new URL(lake.url).pathname.slice(1)}`;
  await lake.client.query(
    `create role "${role}" login password 'secret'; create schema s; create table s.t (id int); grant usage on schema s to "${role}"`,
  );
  const address = new URL(lake.url);
  [address.username, address.password] = [role, "secret"];
  url = address.href;
});
afterEach(async () => {
  await lake.client.query(`drop owned by "${role}" cascade; drop role "${role}"`);
  await lake[Symbol.asyncDispose]();
});

const target = { schema: "s", table: "t", columns: [{ name: "id", type: "integer" }] } as const;
const append: LoadTarget = { ...target, loadType: "append", loadId: "1" };
const file = { csv: "id\n1\n" };
const refused = (message: string) => ({
  name: "FailTask",
  message: expect.stringContaining(message),
});

test("two roles append into one schema: the second is told the GRANT, or takes a schema of its own", async () => {
  await lake.load(append, file);
  await lake.client.query(`grant select, insert on s.t to "${role}"`);
  await expect(lake.load({ ...append, loadId: "2" }, file, url)).rejects.toMatchObject(
    refused('grant select, insert on "s".dagsmith_loads to <role>'),
  );
  await lake.client.query(`create schema own authorization "${role}"`);
  const own = { ...append, loadId: "2", loadsSchema: "own" };
  expect((await lake.load(own, file, url)).output.inserted).toBe(1);
  expect((await lake.load(own, file, url)).output.inserted).toBe(0);
  await lake.client.query(`grant select, insert on s.dagsmith_loads to "${role}"`);
  expect((await lake.load({ ...append, loadId: "3" }, file, url)).output.inserted).toBe(1);
  expect(await lake.texts("select id from s.t")).toHaveLength(3);
});

test.each<[string, LoadTarget, string]>([
  [
    "to write the table",
    { ...target, loadType: "truncate" },
    'grant select, insert, update, delete on "s"."t" to',
  ],
  ["to create in the schema", append, 'grant usage, create on schema "s" to <role>'],
  [
    "to change its columns",
    { ...target, columns: [{ name: "more", type: "text" }], loadType: "rebuild" },
    'grant select, insert, update, delete on "s"."t"',
  ],
])("without the right %s", async (_, wanted, message) => {
  const csv = wanted.columns?.[0]?.name === "more" ? { csv: "more\n1\n" } : file;
  await expect(lake.load(wanted, csv, url)).rejects.toMatchObject(refused(message));
});

test("without being the owner, a role does not change columns", async () => {
  await lake.client.query(`grant all on s.t to "${role}"`);
  const more = [{ name: "more", type: "text" }] as const;
  await expect(
    lake.load({ ...target, columns: more, loadType: "truncate" }, { csv: "more\n1\n" }, url),
  ).rejects.toMatchObject(refused("Only the owner of a table may change its columns"));
});
