/** Snowflake against fakesnow: queries, transactions, loads from a stage, sensors. */
import { type Sql, sql, type TaskBody } from "dagsmith";
import {
  connectionTypes,
  snowflakeCopy,
  snowflakeHook,
  snowflakeSensor,
  snowflakeSql,
} from "dagsmith/plugins/snowflake";
import { runTask } from "dagsmith/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { describeWith } from "../../support/counterpart.ts";
import { findFakesnow, startFakesnow } from "../../support/fakesnow.ts";

describeWith("Snowflake as fakesnow", await findFakesnow(), (python) => {
  let server: Awaited<ReturnType<typeof startFakesnow>>;
  const connection = (password = "secret") => ({
    ...{ type: "snowflake", host: server.url, login: "etl", password, schema: "public" },
    extra: { account: "acme", database: "lake" },
  });
  const run = async <Output>(body: TaskBody<Output>, password?: string) =>
    (await runTask(body, { connections: { lake: connection(password) } })).output as Output;
  const execute = (statement: Sql | readonly Sql[], password?: string) =>
    run(snowflakeSql({ snowflake: "lake", sql: statement }), password);
  const query = (statement: Sql) =>
    run(async ({ hook }) => (await hook(snowflakeHook("lake"))).query(statement));
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable("it succeeded"),
      (error: Error) => error,
    );

  beforeAll(async () => {
    server = await startFakesnow(python);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await execute(sql`create or replace table trips (id number(38, 0), name varchar)`);
  });

  describe("what is refused", () => {
    test("a wrong password names what to check, and is not shown", async () => {
      const error = await failure(execute(sql`select 1`, "s3cretX"));
      expect(error).toMatchObject({
        name: "FailTask",
        message: expect.stringMatching(
          /^Snowflake acme \(database lake\): .*; check login and password of the connection \(390100\)$/,
        ),
      });
      expect(error.message).not.toContain("s3cretX");
    });

    test.each([
      [sql`selec 1`, "001003"],
      [sql`select * from missing`, "002003"],
    ])("a statement that cannot run fails the task: %#", async (statement, code) => {
      const error = await failure(query(statement));
      expect(error).toMatchObject({ name: "FailTask" });
      expect(error.message).toContain(`(${code})`);
    });

    test("a transaction that fails leaves nothing behind", async () => {
      const statements = [
        sql`insert into trips values (1, 'a')`,
        sql`insert into missing select 1`,
      ];
      await failure(execute(statements));
      expect(await query(sql`select * from trips`)).toEqual([]);
    });
  });

  test("values are bound, and rows are JSON", async () => {
    await execute(sql`create or replace table kinds (n number(38, 0), big number(38, 0),
      cost number(10, 2), f float, ok boolean, day date, made timestamp_ntz, name varchar)`);
    const made = new Date("2026-01-02T03:04:05.678Z");
    expect(
      await execute(sql`insert into kinds select ${1}, ${2n ** 60n}, ${"12.50"}, ${1.5}, ${true},
        ${"2026-01-02"}, ${made}, ${"O'Hara; drop table kinds"}`),
    ).toEqual({ rowCount: 1 });
    expect(
      await query(sql`select * from kinds where name = ${"O'Hara; drop table kinds"}`),
    ).toEqual([
      {
        ...{ N: 1, BIG: String(2n ** 60n), COST: "12.50", F: 1.5, OK: true },
        ...{ DAY: "2026-01-02", MADE: "2026-01-02T03:04:05.678", NAME: "O'Hara; drop table kinds" },
      },
    ]);
  });

  test("several statements run in one transaction, and their rows are counted", async () => {
    const rows = [1, 2, 3].map((id) => sql`insert into trips values (${id}, 'a')`);
    expect(await execute([...rows, sql`update trips set name = ${"b"} where id > ${1}`])).toEqual({
      rowCount: 5,
    });
    expect(await query(sql`select id from trips where name = 'b' order by id`)).toEqual([
      { ID: 2 },
      { ID: 3 },
    ]);
  });

  test("a sensor waits for a row whose first value counts", async () => {
    const found = sql`select count(*) from trips`;
    const poke = () => run(snowflakeSensor({ snowflake: "lake", sql: found }) as TaskBody<boolean>);
    expect(await poke()).toBe(false);
    await execute(sql`insert into trips values (1, 'a')`);
    expect(await poke()).toBe(true);
  });

  describe("a load from a stage", () => {
    const load = (loadType: "append" | "truncate", from = "@arrivals") =>
      run(
        snowflakeCopy({
          snowflake: "lake",
          from,
          format: { type: "csv" },
          table: "trips",
          loadType,
        }),
      );
    /** As PUT of Snowflake does it, whose client cannot upload to fakesnow. */
    const put = (name: string, body: string) =>
      fetch(`${server.url}/fs_bucket/LAKE/PUBLIC/ARRIVALS/${name}`, { method: "PUT", body });
    beforeEach(() => execute(sql`create or replace stage arrivals`));

    test("adds the rows of each file once, also when it is repeated", async () => {
      await put("a.csv", "id,name\n1,one\n2,two\n");
      expect(await load("append")).toEqual({ files: 1, rows: 2 });
      expect(await load("append")).toEqual({ files: 0, rows: 0 });
      expect(await query(sql`select * from trips order by id`)).toEqual([
        { ID: 1, NAME: "one" },
        { ID: 2, NAME: "two" },
      ]);
    });

    test("replaces all rows, those of the same file too", async () => {
      await put("b.csv", "id,name\n1,one\n");
      await load("append");
      await execute(sql`insert into trips values (9, 'old')`);
      expect(await load("truncate")).toEqual({ files: 1, rows: 1 });
      expect(await query(sql`select id from trips`)).toEqual([{ ID: 1 }]);
    });

    test("keeps the rows when a file does not fit", async () => {
      await execute(sql`insert into trips values (9, 'old')`);
      await put("c.csv", "id,name\nno number,one\n");
      await failure(load("truncate"));
      expect(await query(sql`select id from trips`)).toEqual([{ ID: 9 }]);
    });

    test("of an empty stage has no rows", async () => {
      expect(await load("append")).toEqual({ files: 0, rows: 0 });
    });
  });

  test("the connection is tested by a query", async () => {
    const [type] = connectionTypes;
    const tested = await run(async ({ connection, signal, log }) =>
      type?.test(await connection("lake"), { signal, log }),
    );
    expect(tested).toMatch(/^Snowflake \S+, as /);
  });
});
