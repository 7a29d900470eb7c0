/**
 * Changes of rows in another database: each makes one run, whichever process listens at
 * the time, and whatever the names of the rows.
 */
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  installEvents,
  pauseDag,
  uninstallEvents,
  unpauseDag,
} from "../../../runtime/actions/index.ts";
import { type ListenerService, startListener } from "../../../runtime/listener/service.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import {
  activeSubscriptions,
  createChangeRuns,
  listSubscriptions,
} from "../../../runtime/store/sources/change_subscription.ts";
import { connectEventDatabase } from "../../../runtime/store/sources/event_database.ts";
import { takeChanges } from "../../../runtime/store/sources/outbox.ts";
import { parseConnection } from "../../../sdk/connection.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import {
  type PostgresChangesOptions,
  postgresChanges,
  type RowChange,
} from "../../../sdk/sources/postgres_changes.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { READERS } from "../../support/line_queue.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();
let lake: TestDatabase;
let sql: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
let client: Client;
const listeners: ListenerService[] = [];
const said: unknown[] = [];

beforeAll(async () => {
  lake = await testDatabase();
});
beforeEach(async () => {
  client = new Client({ connectionString: lake.url });
  await client.connect();
  sql = async (text, values) => (await client.query(text, values)).rows;
});
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
  await client.end();
});
afterAll(() => lake.drop());

const connection = async (id: string) =>
  parseConnection(id, id === "lake" ? lake.url : "postgres://etl:hunter2@127.0.0.1:1/none");
const request = (dagId: string) => ({ dagId, actor: "ann", connection });
const listen = (): void =>
  void listeners.push(
    startListener({
      db: postgres.db,
      connection,
      mask: (text) => text,
      log: (event, detail) => void said.push({ event, detail }),
      readers: READERS,
    }),
  );

function spec(
  dagId: string,
  source?: Omit<PostgresChangesOptions, "connection"> & { readonly connection?: string },
): DagSpec {
  const d = dag(dagId, {
    ...(source && { on: [postgresChanges({ connection: "lake", ...source })] }),
  }) as unknown as Dag<unknown>;
  d.task("t", async () => null);
  return describeDag(d);
}

type Run = { id: number; trigger: Extract<RunTrigger, { type: "postgresChanges" }> };
const runsOf = (dagId: string) =>
  rows<Run>(postgres.db, "select id, trigger from dagsmith.dag_run where dag_id = $1 order by id", [
    dagId,
  ]);
const changesOf = async (dagId: string): Promise<RowChange[]> =>
  (await runsOf(dagId)).flatMap(({ trigger }) => trigger.events);
const heard = (dagId: string, count: number): Promise<RowChange[]> =>
  until(`${count} changes for ${dagId}`, async () => {
    const changes = await changesOf(dagId);
    return changes.length >= count && changes;
  });
const keys = (changes: readonly RowChange[]) =>
  changes.map(({ operation, oldKey, newKey }) => [operation, oldKey, newKey]);
const outbox = async (): Promise<number> =>
  Number((await sql("select count(*) from dagsmith_events.change"))[0]!.count);

/** A table, a DAG that listens to it, its trigger in place. */
async function listening(
  dagId: string,
  columns: string,
  more: Partial<PostgresChangesOptions> = {},
): Promise<void> {
  await sql(`create table ${dagId} (${columns})`);
  await known(postgres.db, spec(dagId, { table: dagId, ...more }));
  await installEvents(postgres.db, request(dagId));
}

describe("a table that a DAG listens to", () => {
  test("tells of each insert, update and delete once, with the key before and after, in their order", async () => {
    await listening("ops", "id serial primary key, v int");
    listen();
    await sql("insert into ops (v) values (1), (2)");
    await sql("update ops set v = 3 where id = 1");
    await sql("update ops set id = 70 where id = 2");
    await sql("delete from ops where id = 1");
    const changes = await heard("ops", 5);
    expect(keys(changes)).toEqual([
      ["insert", null, { id: "1" }],
      ["insert", null, { id: "2" }],
      ["update", { id: "1" }, { id: "1" }],
      ["update", { id: "2" }, { id: "70" }],
      ["delete", { id: "1" }, null],
    ]);
    expect(changes[0]).toMatchObject({
      schema: "public",
      table: "ops",
      at: expect.stringMatching(/Z$/),
    });
    expect(await runsOf("ops")).toHaveLength(5);
    await until("the outbox to be empty", async () => (await outbox()) === 0);
    await until(
      "the deliveries to go",
      async () => (await rows(postgres.db, "select from dagsmith.change_delivery")).length === 0,
    );
  });

  test("tells of the operations that are asked for only", async () => {
    await listening("filtered", "id int primary key", { operations: ["delete"] });
    listen();
    await sql("insert into filtered values (1)");
    await sql("update filtered set id = 2");
    await sql("delete from filtered");
    expect(keys(await heard("filtered", 1))).toEqual([["delete", { id: "2" }, null]]);
  });

  test("may have a key of several columns, of any type and name, in any schema", async () => {
    await sql(`create schema "We'ird"`);
    const table = `"We'ird"."Ta""ble"`;
    await sql(
      `create table ${table} ("a'b" bigint, "c d" timestamptz, e numeric, f bytea, g uuid, h text, primary key ("a'b", "c d", e, f, g, h))`,
    );
    await known(postgres.db, spec("odd", { schema: "We'ird", table: 'Ta"ble', name: "odd" }));
    await installEvents(postgres.db, request("odd"));
    await sql("set timezone = 'Asia/Tokyo'");
    await sql(
      `insert into ${table} values (9007199254740993, '2026-01-01T00:00:00Z', 1.10, '\\x00ff', '00000000-0000-0000-0000-000000000001', E'é\\n''\\\\')`,
    );
    listen();
    const [change] = await heard("odd", 1);
    expect(change!.newKey).toEqual({
      ...{ "a'b": "9007199254740993", "c d": "2026-01-01T00:00:00+00:00", e: "1.10", f: "\\x00ff" },
      ...{ g: "00000000-0000-0000-0000-000000000001", h: "é\n'\\" },
    });
    const found = await sql(
      `select 1 as one from ${table} where "a'b" = $1 and "c d" = $2 and e = $3 and f = $4`,
      [...["a'b", "c d", "e", "f"].map((column) => change!.newKey![column])],
    );
    expect(found).toEqual([{ one: 1 }]);
  });

  test("without a primary key is known by a unique one without nulls; with neither it is refused", async () => {
    await listening(
      "by_unique",
      "a int not null, b text not null, c int, unique (b, a), unique (c)",
    );
    await sql("insert into by_unique values (1, 'x', null)");
    listen();
    expect((await heard("by_unique", 1))[0]!.newKey).toEqual({ a: "1", b: "x" });
    await expect(listening("keyless", "a int unique")).rejects.toMatchObject({
      code: "EVENT_TABLE_WITHOUT_KEY",
    });
    await sql("insert into keyless values (null), (null)");
    await known(postgres.db, spec("missing", { table: "not_there" }));
    await expect(installEvents(postgres.db, request("missing"))).rejects.toMatchObject({
      code: "EVENT_TABLE_MISSING",
    });
  });

  test("goes on being written when a column of its key is renamed", async () => {
    await listening("renamed", "id int primary key");
    await sql("alter table renamed rename column id to other");
    await sql("insert into renamed values (1)");
    listen();
    expect((await heard("renamed", 1))[0]!.newKey).toEqual({ id: null });
    await installEvents(postgres.db, request("renamed"));
    await sql("insert into renamed values (2)");
    expect((await heard("renamed", 2))[1]!.newKey).toEqual({ other: "2" });
  });

  test("may be written by whoever could write it before", async () => {
    await listening("shared", "id int primary key");
    const role = `writer_${process.pid}_${Date.now()}`;
    await sql(`create role ${role}`);
    try {
      await sql(`grant insert on shared to ${role}`);
      await sql(`set role ${role}`);
      await sql("insert into shared values (1)");
      await sql("reset role");
    } finally {
      await sql("reset role");
      await sql(`drop owned by ${role}`);
      await sql(`drop role ${role}`);
    }
    listen();
    expect(await heard("shared", 1)).toHaveLength(1);
  });

  test("says nothing of what was rolled back", async () => {
    await listening("rolled_back", "id int primary key");
    listen();
    await sql("begin");
    await sql("insert into rolled_back values (1)");
    await sql("rollback");
    await sql("insert into rolled_back values (2)");
    expect(keys(await heard("rolled_back", 1))).toEqual([["insert", null, { id: "2" }]]);
  });

  test("makes no run of a change that does not fit when, and counts it once as a decision", async () => {
    const when = z.object({ newKey: z.object({ region: z.literal("eu") }) });
    const columns = "id int, region text, primary key (id, region)";
    await listening("picky", columns, { batch: 10, when });
    await sql("insert into picky select n, 'us' from generate_series(1, 12) n");
    await sql("insert into picky values (1, 'eu'), (2, 'eu')");
    await sql("delete from picky where id = 1");
    listen();
    listen();
    expect(keys(await heard("picky", 2)).map(([, , key]) => key)).toEqual([
      { id: "1", region: "eu" },
      { id: "2", region: "eu" },
    ]);
    await until("the outbox to be empty", async () => (await outbox()) === 0);
    expect(await changesOf("picky")).toHaveLength(2);
    const refused = await rows(
      postgres.db,
      "select schedule, reason, sum(count)::int as count from dagsmith.schedule_decision where dag_id = 'picky' group by 1, 2",
    );
    expect(refused).toEqual([{ schedule: "postgresChanges picky", reason: "when", count: 14 }]);
  });

  test("may give its changes in batches", async () => {
    await listening("batched", "id int primary key", { batch: 400 });
    await sql("insert into batched select generate_series(1, 1000)");
    listen();
    await heard("batched", 1_000);
    expect((await runsOf("batched")).map(({ trigger }) => trigger.events.length)).toEqual([
      400, 400, 200,
    ]);
  });
});

describe("no change is lost", () => {
  test("while nobody listens, or the DAG is paused", async () => {
    await listening("nobody", "id int primary key");
    await sql("insert into nobody values (1)");
    listen();
    await heard("nobody", 1);
    await pauseDag(postgres.db, request("nobody"));
    await sql("insert into nobody values (2)");
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
    await sql("insert into nobody values (3)");
    listen();
    expect(await changesOf("nobody")).toHaveLength(1);
    await unpauseDag(postgres.db, request("nobody"));
    expect(keys(await heard("nobody", 3)).map(([, , key]) => key)).toEqual([
      { id: "1" },
      { id: "2" },
      { id: "3" },
    ]);
  });

  test("when the listener's connections are cut, again and again", async () => {
    await listening("cut", "id int primary key");
    listen();
    listen();
    for (let id = 1; id <= 20; id++) {
      await sql("insert into cut values ($1)", [id]);
      if (id % 5 === 0)
        await sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'dagsmith events'",
        );
    }
    const changes = await heard("cut", 20);
    expect(new Set(changes.map(({ newKey }) => newKey!.id)).size).toBe(20);
    await until("the outbox to be empty", async () => (await outbox()) === 0);
    expect(await changesOf("cut")).toHaveLength(20);
  });

  test("nor told twice, when many listen, and many write", async () => {
    await listening("crowd", "id int primary key");
    for (let n = 0; n < 4; n++) listen();
    const writers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const one = new Client({ connectionString: lake.url });
        await one.connect();
        return one;
      }),
    );
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let n = 0; n < 40; n++)
          await writer.query("insert into crowd values ($1)", [index * 100 + n]);
        await writer.end();
      }),
    );
    const changes = await heard("crowd", 200);
    await until("the outbox to be empty", async () => (await outbox()) === 0);
    expect((await changesOf("crowd")).length).toBe(200);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(200);
  });

  test("when whoever took it died between making the run and emptying the outbox: it is told again, and makes no second run", async () => {
    await listening("twice", "id int primary key");
    await sql("insert into twice values (1), (2)");
    const [subscription] = (await activeSubscriptions(postgres.db, new Plans())).filter(
      ({ dagId }) => dagId === "twice",
    );
    const dying = await connectEventDatabase(await connection("lake"));
    const taking = takeChanges(dying, subscription!.subscriptionId, 10, async (changes) => {
      await createChangeRuns(postgres.db, subscription!, changes, new Set(changes));
      throw new Error("died here");
    });
    await expect(taking).rejects.toThrow("died here");
    await dying.end();
    expect(
      [await runsOf("twice"), await outbox()].map((found) =>
        Array.isArray(found) ? found.length : found,
      ),
    ).toEqual([2, 2]);
    await sql("insert into twice values (3)");
    listen();
    await heard("twice", 3);
    await until("the outbox to be empty", async () => (await outbox()) === 0);
    expect(keys(await changesOf("twice")).map(([, , key]) => key)).toEqual([
      { id: "1" },
      { id: "2" },
      { id: "3" },
    ]);
  });
});

describe("a database that cannot be reached", () => {
  test("holds up no other, is said where people look, and never with its password", async () => {
    await listening("near", "id int primary key");
    await sql("create table far (id int primary key)");
    await known(postgres.db, spec("far", { table: "far" }));
    await installEvents(postgres.db, request("far"));
    await rows(
      postgres.db,
      "update dagsmith.change_subscription set connection = 'away' where dag_id = 'far'",
    );
    await known(postgres.db, spec("far", { table: "far", connection: "away" }));
    listen();
    await sql("insert into near values (1)");
    await heard("near", 1);
    const error = await until(
      "the error",
      async () => (await listSubscriptions(postgres.db, "far"))[0]?.error ?? undefined,
    );
    expect(error).toMatch(/connection "away" refused or cannot be reached/);
    expect(JSON.stringify([error, said])).not.toContain("hunter2");
    await rows(
      postgres.db,
      "update dagsmith.change_subscription set connection = 'lake' where dag_id = 'far'",
    );
  });

  test("is one clear error when triggers are to be installed", async () => {
    await known(postgres.db, spec("away", { table: "x", connection: "away" }));
    await expect(installEvents(postgres.db, request("away"))).rejects.toMatchObject({
      code: "EVENT_DATABASE_FAILED",
    });
    expect(
      (await listSubscriptions(postgres.db, "away")).map(({ installedAt }) => installedAt),
    ).toEqual([null]);
  });
});

describe("installing", () => {
  test("twice, and at the same time, changes nothing; another table moves the trigger; uninstalling leaves nothing", async () => {
    await sql("create table first (id int primary key); create table second (id int primary key)");
    await known(postgres.db, spec("moving", { table: "first", name: "t" }));
    const both = await Promise.all([
      installEvents(postgres.db, request("moving")),
      installEvents(postgres.db, request("moving")),
    ]);
    expect(
      both
        .flat()
        .map(({ isNew }) => isNew)
        .toSorted(),
    ).toEqual([false, true]);
    const triggers = async () =>
      (
        await sql(
          "select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.tgname like 'dagsmith_%' and c.relname in ('first', 'second')",
        )
      ).map(({ relname }) => relname);
    expect(await triggers()).toEqual(["first"]);
    await known(postgres.db, spec("moving", { table: "second", name: "t" }));
    await installEvents(postgres.db, request("moving"));
    expect(await triggers()).toEqual(["second"]);
    for (const { dagId } of await listSubscriptions(postgres.db, null)) {
      if (dagId !== "away")
        await uninstallEvents(postgres.db, request(dagId)).catch(() => undefined);
    }
    expect(await sql("select 1 from pg_namespace where nspname = 'dagsmith_events'")).toEqual([]);
    await sql("insert into first values (1); insert into second values (1)");
  });

  test("of a DAG that listens to no table is refused", async () => {
    await known(postgres.db, spec("deaf"));
    await expect(installEvents(postgres.db, request("deaf"))).rejects.toMatchObject({
      code: "NO_EVENT_TABLES",
    });
    await expect(installEvents(postgres.db, request("unknown"))).rejects.toMatchObject({
      code: "UNKNOWN_DAG",
    });
  });
});
