/** The pure parts of the MySQL plugin: values, rows, errors and the connection. */
import { FailTask, identifier, parseConnection, sql } from "dagsmith";
import { connectionTypes } from "dagsmith/plugins/mysql";
import { expect, test } from "vitest";
import { mysqlError } from "../../../plugins/mysql/mysql_error.ts";
import { boundStatement, jsonRow } from "../../../plugins/mysql/values.ts";
import { errorWithout } from "../../support/without_package.ts";

const place = { host: "db", port: 3306, database: "shop" };
const errorOf = (code: string) => mysqlError(place, Object.assign(new Error("why"), { code }));
const read = (uri: string) => connectionTypes[0]?.read(parseConnection("shop", uri));

test("a missing package is named with what installs it", async () => {
  const imports = `const { mysqlHook } = await import("dagsmith/plugins/mysql");
    const connection = { id: "shop", type: "mysql", extra: {} };`;
  const task = `async (context) => mysqlHook("shop").definition.open(connection, context)`;
  expect(await errorWithout("mysql2/promise", imports, task)).toEqual([
    "PACKAGE_MISSING",
    "mysqlHook() needs the package mysql2. Run: npm install mysql2",
  ]);
});

test.each([
  [sql`${[1]}`, "MySQL cannot bind a list: write one value for each item, by joinSql()"],
  [sql`${Number.NaN}`, "MySQL cannot bind NaN"],
])("a value that MySQL cannot take is refused: %#", (statement, message) => {
  expect(() => boundStatement(statement)).toThrow(new FailTask(message));
});

test.each([
  ["ER_PARSE_ERROR", FailTask],
  ["ER_ACCESS_DENIED_ERROR", FailTask],
  ["SELF_SIGNED_CERT_IN_CHAIN", FailTask],
  ["ER_LOCK_DEADLOCK", Error],
  ["PROTOCOL_CONNECTION_LOST", Error],
  ["ECONNREFUSED", Error],
])("an error %s fails for good only where a retry cannot help", (code, kind) => {
  const error = errorOf(code) as Error;
  expect(error.constructor).toBe(kind);
  expect(error).toMatchObject({ code, message: expect.stringContaining(`(${code})`) });
});

test("an error of another kind stays as it is", () => {
  const error = new TypeError("x is undefined");
  expect(mysqlError(place, error)).toBe(error);
});

test("names are quoted by backticks, and dates are in UTC without an offset", () => {
  const day = new Date("2026-01-02T03:04:05.678Z");
  expect(boundStatement(sql`select ${identifier("a`b", "c")} < ${day} and x = ${"2026Z"}`)).toEqual(
    {
      text: "select `a``b`.`c` < ? and x = ?",
      values: ["2026-01-02 03:04:05.678", "2026Z"],
    },
  );
});

test("a row is read by the types of its columns", () => {
  const columns = [
    { name: "t", columnType: 7 },
    { name: "dt", columnType: 12 },
    { name: "txt", columnType: 253 },
  ];
  const moment = "2026-01-02 03:04:05";
  const row = { t: moment, dt: moment, txt: moment, raw: Buffer.from([1, 255]), none: null };
  expect(jsonRow(row, columns)).toEqual({
    ...{ t: "2026-01-02T03:04:05+00:00", dt: "2026-01-02T03:04:05", txt: moment },
    ...{ raw: "Af8=", none: null },
  });
});

test("a connection is read in Airflow's form, and its TLS by MySQL's words", () => {
  expect(read("mysql://etl:secret@db/shop")).toEqual({
    ...{ host: "db", port: 3306, user: "etl", password: "secret", database: "shop" },
    connectTimeout: 10_000,
  });
  expect(read("mysql://db?ssl_mode=VERIFY_IDENTITY")).toMatchObject({
    ssl: { rejectUnauthorized: true, verifyIdentity: true },
  });
  expect(() => read("mysql://db?ssl_mode=on")).toThrow(/ssl_mode is none of DISABLED, PREFERRED/);
  expect(() => read("mysql://db?ssl_ca=x")).toThrow(/ssl_ca is not PEM text/);
});
