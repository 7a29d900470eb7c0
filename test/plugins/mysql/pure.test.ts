/** The parts of the MySQL plugin that need no server: values, rows, errors, connection, kill. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { FailTask, identifier, parseConnection, sql } from "dagsmith";
import { connectionTypes } from "dagsmith/plugins/mysql";
import { describe, expect, test } from "vitest";
import { kill } from "../../../plugins/mysql/kill.ts";
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

/** What a server sends first: version, thread and scramble of a login by password. */
const GREETING = Buffer.concat([
  Buffer.from([10, ...Buffer.from("8.0.0\0"), 1, 0, 0, 0]),
  Buffer.from("12345678\0"),
  Buffer.from([0xff, 0xf7, 33, 2, 0, 0xff, 0x00, 21, ...Array(10).fill(0)]),
  Buffer.from("123456789012\0mysql_native_password\0"),
]);
const packet = (sequence: number, payload: Uint8Array) =>
  Buffer.from([payload.length, 0, 0, sequence, ...payload]);
const OK = packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0]));

/** Kills over a server, and gives what it was sent; ends when the connection is closed. */
async function killBy(limitMs: number, serve: (socket: Socket) => void): Promise<string[]> {
  const [sent, closed] = [[] as string[], Promise.withResolvers<unknown>()];
  const server = createServer((socket) => {
    socket.on("close", closed.resolve).on("error", () => undefined);
    socket.on("data", (bytes) => sent.push(bytes.toString("latin1")));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await kill(7, { host: "127.0.0.1", port, user: "etl" }, limitMs);
  await closed.promise;
  server.close();
  return sent;
}

describe("a kill gives up, and closes its connection, when the server", () => {
  test("sends nothing", async () => {
    expect(await killBy(200, (socket) => socket.resume())).toEqual([]);
  });

  test("does not answer the kill", async () => {
    const sent = await killBy(3_000, (socket) => {
      socket.write(packet(0, GREETING));
      socket.once("data", () => socket.write(OK));
    });
    expect(sent).toEqual([expect.stringContaining("etl"), expect.stringContaining("kill query 7")]);
  });
});
