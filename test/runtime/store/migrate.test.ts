import { afterEach, describe, expect, test } from "vitest";
import { type Migration, migrations } from "../../../migrations/index.ts";
import {
  type Database,
  isTransient,
  openDatabase,
} from "../../../runtime/store/database/database.ts";
import { migrate } from "../../../runtime/store/database/migrate.ts";
import { assertSchema } from "../../../runtime/store/database/schema.ts";
import { rows } from "../../support/migrated.ts";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";

const opened: { db: Database; database: TestDatabase }[] = [];
afterEach(async () => {
  for (const { db, database } of opened.splice(0)) {
    await db.close();
    await database.drop();
  }
});

async function empty(): Promise<Database> {
  const database = await testDatabase();
  const db = openDatabase(database.url, { poolSize: 4 });
  opened.push({ db, database });
  return db;
}

test("migrations are listed in the order of their numbers", () => {
  const names = migrations.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
});

describe("migrating", () => {
  test("makes the schema, once", async () => {
    const db = await empty();
    await expect(assertSchema(db)).rejects.toMatchObject({ code: "SCHEMA_OLDER" });
    expect((await migrate(db)).length).toBeGreaterThan(0);
    await assertSchema(db);
    expect(await migrate(db)).toEqual([]);
  });

  test("brings an older database forward, and keeps its rows", async () => {
    const db = await empty();
    await migrate(db);
    await rows(db, "insert into dagsmith.pool (name, slots) values ('kept', 3)");
    const next: Migration = {
      name: "0002_next",
      up: (knex) => knex.raw("alter table dagsmith.pool add column colour text default 'red'"),
    };
    expect(await migrate(db, [...migrations, next])).toEqual(["0002_next"]);
    expect(await rows(db, "select name, slots, colour from dagsmith.pool")).toEqual([
      { name: "kept", slots: 3, colour: "red" },
    ]);
    await expect(assertSchema(db)).rejects.toMatchObject({ code: "SCHEMA_NEWER" });
  });

  test("leaves nothing of a migration that fails, and applies it whole the next time", async () => {
    const db = await empty();
    await migrate(db);
    const next = (statement: string): Migration => ({
      name: "0002_next",
      up: (knex) => knex.raw(`create table dagsmith.next (n int); ${statement}`),
    });
    await expect(migrate(db, [...migrations, next("select 1 / 0")])).rejects.toThrow("by zero");
    await assertSchema(db);
    expect(await migrate(db, [...migrations, next("select 1")])).toEqual(["0002_next"]);
  });

  test("from eight processes' worth of connections at once applies each migration once", async () => {
    const db = await empty();
    const others = Array.from({ length: 8 }, () => openDatabase(db.url, { poolSize: 2 }));
    const applied = await Promise.all(others.map((other) => migrate(other)));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    await Promise.all(others.map((other) => other.close()));
    await assertSchema(db);
  });

  test("goes on after a process that was killed while it held the library's own lock", async () => {
    const db = await empty();
    await migrate(db);
    await rows(db, "update dagsmith.migration_lock set is_locked = 1");
    expect(await migrate(db)).toEqual([]);
  });

  test("lets services pass while a backup reads the table that it changes", async () => {
    const db = await empty();
    await migrate(db);
    const [backup, service] = await Promise.all([db.session(), db.session()]);
    await backup.query("begin; select from dagsmith.pool");
    const alter = (name: string, column: string): Migration => ({
      name,
      up: (knex) => knex.raw(`alter table dagsmith.pool add column ${column} text`),
    });
    const free: Migration = { name: "0101_free", up: (knex) => knex.raw("select 1") };
    const migrated = migrate(db, [...migrations, free, alter("0102_held", "colour")]);
    await until("a migration that waits", async () => {
      const text =
        "select from pg_locks where relation = 'dagsmith.pool'::regclass and not granted";
      return (await service.query(text)).rowCount === 1;
    });
    await service.query("update dagsmith.pool set slots = 4");
    await backup.query("commit");
    expect(await migrated).toEqual(["0101_free", "0102_held"]);
    await Promise.all([backup.end(), service.end()]);
  });

  test("refuses a schema of a later version, and leaves it alone", async () => {
    const db = await empty();
    await migrate(db);
    await rows(
      db,
      "insert into dagsmith.migration (name, batch, migration_time) values ('9999_later', 99, now())",
    );
    await expect(migrate(db)).rejects.toMatchObject({ code: "SCHEMA_NEWER" });
    await expect(assertSchema(db)).rejects.toMatchObject({ code: "SCHEMA_NEWER" });
  });

  test("applies a migration with a lower number that came later, and every version sees it", async () => {
    const db = await empty();
    const [early, late, last] = ["9000_early", "9100_late", "9200_last"].map(
      (name): Migration => ({ name, up: (knex) => knex.raw("select 1") }),
    ) as [Migration, Migration, Migration];
    await migrate(db, [...migrations, late]);
    const whole = [...migrations, early, late];
    await expect(assertSchema(db, whole)).rejects.toThrow(/^The .* 9100_late; .* needs 9000_early/);
    expect(await migrate(db, whole)).toEqual(["9000_early"]);
    await assertSchema(db, whole);
    await migrate(db, [...whole, last]);
    const lacksOne = [...migrations, late, last];
    await expect(assertSchema(db, lacksOne)).rejects.toMatchObject({ code: "SCHEMA_NEWER" });
  });
});

describe("a transaction", () => {
  test("that fails leaves nothing, and its connection is used again", async () => {
    const db = await empty();
    await rows(db, "create table numbers (n int)");
    const failing = db.transaction(async (tx) => {
      await rows(tx, "insert into numbers values (1)");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await rows(db, "select * from numbers")).toEqual([]);
    expect(db.pool.totalCount).toBe(db.pool.idleCount);
  });

  test("whose connection the server ends is run again, whole", async () => {
    const db = await empty();
    await rows(db, "create table numbers (n int)");
    let times = 0;
    await db.transaction(async (tx) => {
      times += 1;
      await rows(tx, "insert into numbers values (1)");
      if (times < 3) await rows(tx, "select pg_terminate_backend(pg_backend_pid())");
    });
    expect([times, await rows(db, "select * from numbers")]).toEqual([3, [{ n: 1 }]]);
  });

  test("that meets another in a deadlock is run again", async () => {
    const db = await empty();
    await rows(db, "create table pair (id int primary key, n int)");
    await rows(db, "insert into pair values (1, 0), (2, 0)");
    const bothHold = Promise.withResolvers<void>();
    let holding = 0;
    const add = (first: number, second: number): Promise<void> =>
      db.transaction(async (tx) => {
        await rows(tx, "update pair set n = n + 1 where id = $1", [first]);
        holding += 1;
        if (holding >= 2) bothHold.resolve();
        await bothHold.promise;
        await rows(tx, "update pair set n = n + 1 where id = $1", [second]);
      });
    await Promise.all([add(1, 2), add(2, 1)]);
    expect(await rows(db, "select n from pair")).toEqual([{ n: 2 }, { n: 2 }]);
  });

  test("that is wrong is not run again", async () => {
    const db = await empty();
    let times = 0;
    const wrong = db.transaction(async (tx) => {
      times += 1;
      await rows(tx, "select 1 / 0");
    });
    await expect(wrong).rejects.toThrow("division by zero");
    expect(times).toBe(1);
  });

  test("waits for a server that is not there only until it is told to stop", async () => {
    const stop = new AbortController();
    const db = openDatabase("postgres://nobody@127.0.0.1:1/none", { signal: stop.signal });
    const asked = db.query({ name: "one", text: "select 1" });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await db.close();
  });
});

test.each([
  ["57P01", true],
  ["53300", true],
  ["40P01", true],
  ["ECONNRESET", true],
  ["EAI_AGAIN", true],
  ["23505", false],
  ["42P01", false],
])("an error %s asks to be tried again: %s", (code, again) => {
  expect(isTransient(Object.assign(new Error("no"), { code }))).toBe(again);
});
