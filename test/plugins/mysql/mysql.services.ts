/** MySQL against Debian's MariaDB: queries, transactions, sensors, TLS, kills. */
import { identifier, type Sql, sql, type TaskBody } from "dagsmith";
import { connectionTypes, mysqlHook, mysqlSensor, mysqlSql } from "dagsmith/plugins/mysql";
import { type ConnectionValue, runTask } from "dagsmith/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "../../support/certificates.ts";
import { describeWith } from "../../support/counterpart.ts";
import { findMariadb, type Mariadb, startMariadb } from "../../support/mariadb.ts";
import { until } from "../../support/until.ts";

describeWith("MySQL as MariaDB", await findMariadb(), (program) => {
  let server: Mariadb;
  const shop = () => `mysql://etl:secret@127.0.0.1:${server.port}/shop`;
  const run = async <Output>(
    body: TaskBody<Output>,
    { connection = shop(), signal }: { connection?: ConnectionValue; signal?: AbortSignal } = {},
  ) =>
    (await runTask(body, { connections: { shop: connection }, ...(signal && { signal }) }))
      .output as Output;
  const execute = (...statements: readonly Sql[]) =>
    run(async (context) => {
      for (const statement of statements)
        await mysqlSql({ mysql: "shop", sql: statement })(context);
    });
  const query = (statement: Sql, connection?: ConnectionValue) =>
    run(
      async ({ hook }) => (await hook(mysqlHook("shop"))).query(statement),
      connection === undefined ? {} : { connection },
    );
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable("it succeeded"),
      (error: Error) => error,
    );
  const tls = (mode: string, ca?: string) => ({
    ...{ type: "mysql", host: "127.0.0.1", port: server.port, login: "etl", password: "secret" },
    extra: { ssl_mode: mode, ...(ca && { ssl_ca: ca }) },
  });

  beforeAll(async () => {
    server = await startMariadb(program);
  });
  afterAll(() => server.stop());

  describe("what is refused", () => {
    test.each([
      [sql`selec 1`, "(ER_PARSE_ERROR)"],
      [sql`select * from nope`, "(ER_NO_SUCH_TABLE)"],
    ])("a statement that cannot run fails the task: %#", async (statement, code) => {
      expect(await failure(query(statement))).toMatchObject({
        name: "FailTask",
        message: expect.stringMatching(/^MySQL at 127\.0\.0\.1:\d+ \(database shop\): /),
      });
      expect((await failure(query(statement))).message).toContain(code);
    });

    test("a wrong password names what to check, and is not shown", async () => {
      const wrong = `mysql://etl:s3cretX@127.0.0.1:${server.port}/shop`;
      const { message } = await failure(query(sql`select 1`, wrong));
      expect(message).toContain("; check login and password of the connection");
      expect(message).not.toContain("s3cretX");
    });

    test("a value that does not fit its column, which then has no part of it", async () => {
      await execute(sql`create table narrow (a varchar(2), n tinyint)`);
      for (const statement of [
        sql`insert into narrow values (${"abc"}, 1)`,
        sql`insert into narrow values ('a', ${300})`,
      ])
        expect(await failure(execute(statement))).toMatchObject({ name: "FailTask" });
      expect(await query(sql`select * from narrow`)).toEqual([]);
    });

    test("a certificate that another authority signed", async () => {
      const { cert } = await makeCertificate("other");
      const { message } = await failure(query(sql`select 1`, tls("VERIFY_CA", cert)));
      expect(message).toContain("; check extra.ssl_mode and extra.ssl_ca of the connection");
    });
  });

  test("values are bound, and rows are JSON", async () => {
    await execute(
      sql`create table kinds (b bigint, d decimal(30,10), t timestamp(3) null, dt datetime,
        day date, raw varbinary(9), txt text, n int, f double, ${identifier("a`b")} time)`,
      sql`insert into kinds values (${2n ** 62n}, ${"12345678901234567890.5"}, ${new Date("2026-01-02T03:04:05.678Z")},
        ${"2026-01-02 03:04:05"}, ${"2026-01-02"}, ${new Uint8Array([1, 255])}, ${"ä'\\"}, ${-7}, ${2.5}, ${"01:02:03"})`,
    );
    expect(await query(sql`select * from kinds where n = ${-7} limit ${1}`)).toEqual([
      {
        ...{ b: String(2n ** 62n), d: "12345678901234567890.5000000000", n: -7, f: 2.5 },
        ...{ t: "2026-01-02T03:04:05.678+00:00", dt: "2026-01-02T03:04:05", day: "2026-01-02" },
        ...{ raw: "Af8=", txt: "ä'\\", "a`b": "01:02:03" },
      },
    ]);
  });

  test("several statements are one transaction", async () => {
    await execute(sql`create table kept (n int primary key)`);
    const both = [sql`insert into kept values (1)`, sql`insert into kept values (${1})`];
    await failure(run(mysqlSql({ mysql: "shop", sql: both })));
    expect(await query(sql`select * from kept`)).toEqual([]);
    const counted = [sql`insert into kept values (1), (2)`, sql`delete from kept where n = ${2}`];
    expect(await run(mysqlSql({ mysql: "shop", sql: counted }))).toEqual({ rowCount: 3 });
  });

  test("a sensor waits for the first value of a query", async () => {
    const poke = async (statement: Sql) =>
      run(mysqlSensor({ mysql: "shop", sql: statement }) as TaskBody<unknown>);
    expect(
      await poke(sql`select count(*) from information_schema.tables where table_schema = 'nope'`),
    ).toBe(false);
    expect(await poke(sql`select 1`)).toBe(true);
  });

  test("TLS is on when the connection asks for it, with an authority of its own", async () => {
    const cipher = sql`show session status like 'Ssl_cipher'`;
    const cipherOf = async (connection?: ConnectionValue) =>
      (await query(cipher, connection)).map((row) => (row as { Value: string }).Value)[0];
    expect(await cipherOf()).toBe("");
    expect(await cipherOf(tls("REQUIRED"))).not.toBe("");
    expect(await cipherOf(tls("VERIFY_CA", server.certificate.cert))).not.toBe("");
  });

  test("a cancel kills the statement on the server", async () => {
    const abort = new AbortController();
    const slow = sql`select sleep(600) as dagsmith_slow`;
    const running = sql`select id from information_schema.processlist where info like 'select sleep(600)%'`;
    const ended = failure(run(mysqlSql({ mysql: "shop", sql: slow }), { signal: abort.signal }));
    await until("the statement runs", async () => (await query(running)).length === 1);
    abort.abort(new Error("cancelled"));
    expect((await ended).message).toBe("cancelled");
    await until("the statement has ended", async () => (await query(running)).length === 0);
  });

  test("a cancel in a transaction rolls it back", async () => {
    await execute(sql`create table half (n int)`);
    const abort = new AbortController();
    const both = [sql`insert into half values (1)`, sql`select sleep(600)`];
    const ended = failure(run(mysqlSql({ mysql: "shop", sql: both }), { signal: abort.signal }));
    const asleep = sql`select id from information_schema.processlist where info = 'select sleep(600)'`;
    await until("the statement runs", async () => (await query(asleep)).length === 1);
    abort.abort(new Error("cancelled"));
    await ended;
    await until("the lock is free", async () =>
      execute(sql`lock table half write nowait`, sql`unlock tables`).then(
        () => true,
        () => false,
      ),
    );
    expect(await query(sql`select * from half`)).toEqual([]);
  });

  test("the test of the connection names the server", async () => {
    const [type] = connectionTypes;
    const line = await run(async ({ connection, signal, log }) =>
      type?.test(await connection("shop"), { signal, log }),
    );
    expect(line).toMatch(/^MySQL [\d.]+-MariaDB.*, database shop, as etl@127\.0\.0\.1$/);
  });
});
