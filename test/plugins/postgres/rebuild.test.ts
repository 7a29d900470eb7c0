/** A rebuild replaces rows and columns, and nothing that hangs on the table. */
import type { LoadTarget } from "dagsmith/plugins/postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Lake, openLake } from "../../support/lake.ts";

let lake: Lake;
let role: string;
beforeEach(async () => {
  lake = await openLake();
  role = `reader_${new URL(lake.url).pathname.slice(1)}`;
  await lake.client.query(`create role "${role}"; create schema s`);
});
afterEach(async () => {
  await lake.client.query(`drop owned by "${role}" cascade; drop role "${role}"`);
  await lake[Symbol.asyncDispose]();
});

const columns = [
  { name: "id", type: "bigint" },
  { name: "tenant", type: "text" },
] as const;
const target: LoadTarget = { schema: "s", table: "t", columns, loadType: "rebuild" };
const file = { csv: "id,tenant\n1,a\n2,b\n" };

/**
 * Everything that the catalog knows of the table, but for its oid and what rows change.
 */
const everything = `
  select to_jsonb(c) - '{relfilenode,relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[] from pg_class c where oid = 's.t'::regclass
  union all select to_jsonb(p) from pg_policies p where schemaname = 's'
  union all select to_jsonb(pg_get_triggerdef(oid)) || to_jsonb(tgenabled::text) from pg_trigger where tgrelid = 's.t'::regclass and not tgisinternal
  union all select to_jsonb(pg_get_constraintdef(oid)) || to_jsonb(conname) from pg_constraint where conrelid = 's.t'::regclass
  union all select to_jsonb(indexdef) from pg_indexes where schemaname = 's'
  union all select to_jsonb(description) || to_jsonb(objsubid) from pg_description where objoid = 's.t'::regclass
  union all select to_jsonb(pg_get_expr(adbin, adrelid)) from pg_attrdef where adrelid = 's.t'::regclass
  union all select to_jsonb(a) - '{attnum}'::text[] from pg_attribute a where attrelid = 's.t'::regclass and attnum > 0 and not attisdropped
  union all select to_jsonb(p) from pg_publication_tables p where schemaname = 's'
  union all select to_jsonb(pg_get_statisticsobjdef(oid)) from pg_statistic_ext where stxrelid = 's.t'::regclass
  union all select to_jsonb(r) from pg_rules r where schemaname = 's'
  union all select to_jsonb(s) - '{last_value}'::text[] from pg_sequences s where schemaname = 's'`;

const createAll = (): string => `
  create table s.t (
    id bigint primary key, tenant text not null default 'a' check (tenant <> ''), counted int generated always as identity,
    note text default 'none', unique (tenant, id)
  ) with (fillfactor = 70);
  alter table s.t enable row level security; alter table s.t force row level security;
  create policy mine on s.t for select to public using (tenant = current_user);
  comment on table s.t is 'it''s ours'; comment on column s.t.tenant is 'who';
  create function s.f() returns trigger language plpgsql as 'begin return new; end';
  create trigger audit after insert on s.t for each row execute function s.f(); alter table s.t disable trigger audit;
  create rule quiet as on update to s.t where false do instead nothing;
  create index by_tenant on s.t (lower(tenant)) where id > 0;
  create publication p_${role} for table s.t; alter table s.t replica identity using index t_pkey;
  create statistics s.st on id, tenant from s.t; alter table s.t alter tenant set statistics 500, alter tenant set storage external;
  grant select on s.t to "${role}" with grant option; grant update (tenant) on s.t to "${role}";
  create view s.v as select id, tenant from s.t; insert into s.t (id, tenant) values (9, 'old')`;

test("with the same columns changes nothing but the rows", async () => {
  await lake.client.query(createAll());
  const before = await lake.texts(everything);
  const all = [...columns, { name: "note", type: "text" }] as const;
  await lake.load({ ...target, columns: all }, { csv: "id,tenant,note\n1,a,\n2,b,x\n" });
  expect(await lake.texts(everything)).toEqual(before);
  expect(before.length).toBeGreaterThan(20);
  expect(await lake.texts("select * from s.v order by id")).toEqual([
    ["1", "a"],
    ["2", "b"],
  ]);
  await lake.load(
    { schema: "s", table: "t", loadType: "rebuild" },
    { csv: "id,tenant,note\n3,c,\n" },
  );
  expect(await lake.texts(everything)).toEqual(before);
});

test("a column that the load does not name goes, with a word in the log; the rest stays", async () => {
  await lake.client.query(createAll());
  const { log } = await lake.load(target, file);
  expect(log[0]).toEqual({
    level: "warn",
    text: 's.t loses "note": the load does not name them',
  });
  expect(await lake.texts("select counted, id, tenant from s.t order by id")).toEqual([
    ["2", "1", "a"],
    ["3", "2", "b"],
  ]);
  expect(
    await lake.texts(
      "select policyname, relrowsecurity::text, relforcerowsecurity::text from pg_policies join pg_class on relname = tablename",
    ),
  ).toEqual([["mine", "true", "true"]]);
});

test.each([
  ["a view", "create view s.v as select tenant from s.t", "view s.v depends on"],
  [
    "a policy",
    "alter table s.t enable row level security; create policy mine on s.t using (tenant = current_user)",
    "policy mine on table s.t depends on",
  ],
  [
    "a trigger",
    "create function s.f() returns trigger language plpgsql as 'begin return new; end'; create trigger audit after update of tenant on s.t for each row execute function s.f()",
    "trigger audit on table s.t depends on",
  ],
])("that would take a column from %s is refused, and the rows stay", async (_, create, message) => {
  await lake.client.query(
    `create table s.t (id bigint, tenant text); ${create}; insert into s.t values (9)`,
  );
  await expect(
    lake.load({ ...target, columns: [{ name: "id", type: "bigint" }] }, { csv: "id\n1\n" }),
  ).rejects.toMatchObject({
    name: "FailTask",
    message: expect.stringMatching(`^s.t cannot be rebuilt: .*${message}`),
  });
  expect(await lake.texts("select id from s.t")).toEqual([["9"]]);
});

test("types change, also to narrower ones, and keys to other columns", async () => {
  await lake.client.query(
    "create table s.t (ID text primary key, old int not null, tenant varchar(1)); insert into s.t values ('x', 1, 'y')",
  );
  await lake.load({ ...target, primaryKey: "tenant" }, { csv: "id,tenant\n,a\n,bb\n" });
  expect(await lake.texts("select id, tenant from s.t order by tenant")).toEqual([
    [null, "a"],
    [null, "bb"],
  ]);
  expect(
    await lake.texts(
      "select pg_typeof(id)::text, pg_get_constraintdef(c.oid) from s.t, pg_constraint c where conrelid = 's.t'::regclass and contype = 'p' limit 1",
    ),
  ).toEqual([["bigint", "PRIMARY KEY (tenant)"]]);
});

describe.each(["truncate", "rebuild"] as const)("%s", (loadType) => {
  test.each([
    ["cascade", "references s.t on delete cascade"],
    ["set null", "references s.t on delete set null"],
  ])(
    "does not delete or change rows that refer to the table by ON DELETE %s",
    async (_, reference) => {
      await lake.client.query(
        `create table s.t (id bigint primary key, tenant text); insert into s.t values (9); create table s.child (t bigint ${reference}); insert into s.child values (9)`,
      );
      await expect(lake.load({ ...target, loadType }, file)).rejects.toThrow(
        "s.t cannot be emptied by a load: its foreign key child_t_fkey would delete or change rows of s.child",
      );
      expect(await lake.texts("select t from s.child")).toEqual([["9"]]);
    },
  );

  test("does not delete the rows of tables that inherit", async () => {
    await lake.client.query(
      "create table s.t (id bigint, tenant text); create table s.heir () inherits (s.t); insert into s.heir values (9)",
    );
    await expect(lake.load({ ...target, loadType }, file)).rejects.toThrow("rows of s.heir");
    expect(await lake.texts("select id from s.t")).toEqual([["9"]]);
  });

  test("fills partitions, and a single partition", async () => {
    await lake.client.query(
      "create table s.t (id bigint, tenant text) partition by list (tenant); create table s.pa partition of s.t for values in ('a'); create table s.pb partition of s.t default",
    );
    await lake.load({ ...target, loadType }, file);
    expect(await lake.texts("select id from s.pa")).toEqual([["1"]]);
    await lake.load({ ...target, table: "pa", loadType }, { csv: "id,tenant\n7,a\n" });
    expect(await lake.texts("select id from s.t order by id")).toEqual([["2"], ["7"]]);
    await expect(
      lake.load({ ...target, table: "pa", loadType }, { csv: "id,tenant\n7,b\n" }),
    ).rejects.toThrow("violates partition constraint");
  });

  test("by a role that does not see every row is refused", async () => {
    await lake.client.query(
      `create table s.t (id bigint, tenant text); insert into s.t values (9, 'theirs'); alter table s.t enable row level security; create policy mine on s.t using (tenant = 'a');
       grant all on s.t to "${role}"; grant all on schema s to "${role}"; alter role "${role}" login password 'secret'`,
    );
    const url = new URL(lake.url);
    [url.username, url.password] = [role, "secret"];
    await expect(lake.load({ ...target, loadType }, file, url.href)).rejects.toMatchObject({
      name: "FailTask",
      message: expect.stringContaining("The role does not see or may not write every row"),
    });
    expect(await lake.texts("select id from s.t")).toEqual([["9"]]);
  });
});
