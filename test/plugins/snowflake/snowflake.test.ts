/** The parts of the Snowflake plugin that need no Snowflake; and what ends a statement. */
import { generateKeyPairSync } from "node:crypto";
import { FailTask, identifier, parseConnection, sql } from "dagsmith";
import { connectionTypes, snowflakeCopy, snowflakeHook } from "dagsmith/plugins/snowflake";
import { runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import type { SnowflakeConfig } from "../../../plugins/snowflake/config.ts";
import { type Copy, copyText } from "../../../plugins/snowflake/copy_text.ts";
import { snowflakeError } from "../../../plugins/snowflake/snowflake_error.ts";
import { boundStatement, jsonRow } from "../../../plugins/snowflake/values.ts";
import { loopback, type ReceivedRequest, sendJson } from "../../support/loopback.ts";
import { until } from "../../support/until.ts";
import { errorWithout } from "../../support/without_package.ts";

const config: SnowflakeConfig = {
  ...{ account: "acme", database: "lake", username: "etl", loginTimeoutMs: 60_000 },
};
const errorOf = (code: string, sqlState = "") =>
  snowflakeError(config, Object.assign(new Error("why"), { code, sqlState }));
const read = (fields: object) =>
  connectionTypes[0]?.read(
    parseConnection("lake", JSON.stringify({ type: "snowflake", login: "etl", ...fields })),
  );

test("a missing package is named with what installs it", async () => {
  const imports = `const { snowflakeHook } = await import("dagsmith/plugins/snowflake");
    const connection = { id: "lake", type: "snowflake", login: "a", password: "b", extra: { account: "c" } };`;
  const task = `async (context) => snowflakeHook("lake").definition.open(connection, context)`;
  expect(await errorWithout("snowflake-sdk", imports, task)).toEqual([
    "PACKAGE_MISSING",
    "snowflakeHook() needs the package snowflake-sdk. Run: npm install snowflake-sdk",
  ]);
});

describe("values", () => {
  test.each([
    [sql`${[1]}`, "Snowflake cannot bind a list: write one value for each item, by joinSql()"],
    [sql`${Number.NaN}`, "Snowflake cannot bind NaN"],
  ])("that Snowflake cannot take are refused: %#", (statement, message) => {
    expect(() => boundStatement(statement)).toThrow(new FailTask(message));
  });

  test("are bound, names quoted, bytes hexadecimal and large numbers texts", () => {
    const bytes = new Uint8Array([0, 255]);
    expect(boundStatement(sql`select ${identifier("A", 'b"c')}, ${bytes}, ${2n ** 60n}`)).toEqual({
      text: 'select "A"."b""c", ?, ?',
      values: ["00ff", String(2n ** 60n)],
    });
  });

  const day = new Date("2026-01-02T03:04:05.678Z");
  test.each([
    ["fixed", 0, "12", 12],
    ["fixed", 0, "9007199254740993", "9007199254740993"],
    ["fixed", 2, "12.50", "12.50"],
    ["real", 0, "1.5", 1.5],
    ["real", 0, "NaN", "NaN"],
    ["date", 0, day, "2026-01-02"],
    ["timestamp_ntz", 0, day, "2026-01-02T03:04:05.678"],
    ["timestamp_tz", 0, day, "2026-01-02T03:04:05.678Z"],
    ["binary", 0, Buffer.from("ab"), "YWI="],
    ["variant", 0, { a: [1] }, { a: [1] }],
    ["text", 0, null, null],
  ])("of type %s and scale %i are JSON: %o", (type, scale, value, json) => {
    expect(jsonRow([value], [{ name: "A", type, scale }])).toEqual({ A: json });
  });
});

test.each([
  ["390100", "", FailTask],
  ["001003", "42000", FailTask],
  ["100038", "22018", FailTask],
  ["000604", "57014", Error],
  ["401001", "", Error],
])(
  "an error %s with state %j fails for good only where a retry cannot help",
  (code, state, kind) => {
    const error = errorOf(code, state) as Error;
    expect(error.constructor).toBe(kind);
    expect(error.message).toMatch(/^Snowflake acme \(database lake\): why.* \(\d+\)$/);
  },
);

test("an error of another kind stays as it is", () => {
  const error = new TypeError("x is undefined");
  expect(snowflakeError(config, error)).toBe(error);
});

describe("COPY", () => {
  const copy: Copy = { table: "taxi.trips", from: "@raw/a", format: { type: "csv" }, force: false };

  test.each<[Partial<Copy>, string]>([
    [
      { columns: ["id", "name"], pattern: ".*[.]csv" },
      `copy into taxi.trips (id, name) from '@raw/a' pattern = '.*[.]csv' file_format = (type = csv field_delimiter = ',' skip_header = 1 field_optionally_enclosed_by = '"') on_error = abort_statement`,
    ],
    [
      { format: { type: "parquet" }, force: true },
      "copy into taxi.trips from '@raw/a' file_format = (type = parquet) match_by_column_name = case_insensitive on_error = abort_statement force = true",
    ],
    [
      { from: "@raw/it's", format: { type: "csv", delimiter: "\\", skipLines: 0, nulls: "NULL" } },
      `copy into taxi.trips from '@raw/it\\'s' file_format = (type = csv field_delimiter = '\\\\' skip_header = 0 field_optionally_enclosed_by = '"' null_if = ('NULL')) on_error = abort_statement`,
    ],
  ])("is written for %o", (more, text) => {
    expect(copyText({ ...copy, ...more })).toBe(text);
  });

  test.each<[Partial<Copy>, string]>([
    [{ from: "s3://lake/a" }, 'from is "s3://lake/a", not "@stage/path"'],
    [{ table: "trips; drop table trips" }, '"trips; drop table trips" is no name'],
    [{ columns: ["a)"] }, '"a)" is no name of letters, digits and underscores'],
  ])("refuses %o", (more, message) => {
    expect(() => copyText({ ...copy, ...more })).toThrow(message);
  });

  test("refuses a load type that does not exist when the DAG is written", () => {
    const options = { ...copy, snowflake: "lake", loadType: "merge" } as never;
    expect(() => snowflakeCopy(options)).toThrow("loadType is merge; allowed: append, truncate");
  });
});

describe("a connection", () => {
  const pem = (passphrase?: string) =>
    generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
      ...{ type: "pkcs8", format: "pem" },
      ...(passphrase && { cipher: "aes-256-cbc", passphrase }),
    }) as string;

  test("takes a private key on one line, with a passphrase", () => {
    const extra = { account: "acme", private_key_passphrase: "p" };
    const key = pem("p").replaceAll("\n", "\\n");
    expect(read({ extra: { ...extra, private_key_content: key } })).toMatchObject({
      ...{ account: "acme", username: "etl" },
      privateKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/),
    });
  });

  test.each([
    [{ password: "p" }, "account is missing"],
    [{ extra: { account: "acme" } }, "a login needs its password, or a private key"],
    [{ extra: { account: "acme", private_key_content: pem("p") } }, "private_key_passphrase does"],
    [{ password: "p", host: "acme", extra: { account: "acme" } }, "host is no http(s) URL"],
  ])("without what it needs is refused: %#", (fields, message) => {
    expect(() => read(fields)).toThrow(message);
  });
});

describe("a statement", () => {
  /** A Snowflake that logs in everyone, and answers other requests as the test says. */
  const serve = (answer: (request: ReceivedRequest) => object | "cut" | undefined) =>
    loopback((request, response) => {
      const isLogin = request.url.pathname === "/session/v1/login-request";
      const data = { token: "t", masterToken: "m", parameters: [], sessionInfo: {} };
      const body = isLogin ? { success: true, data } : answer(request);
      if (body === "cut") response.destroy();
      else if (body) sendJson(response, 200, body);
    });
  const pathsOf = ({ requests }: { readonly requests: readonly ReceivedRequest[] }) =>
    requests.map(({ url }) => url.pathname);
  const query = (host: string, signal?: AbortSignal, more: object = {}) =>
    runTask(async ({ hook }) => (await hook(snowflakeHook("lake"))).query(sql`select ${1}`), {
      connections: {
        lake: {
          ...{ type: "snowflake", host, login: "a", password: "b" },
          extra: { account: "acme", ...more },
        },
      },
      ...(signal && { signal }),
    });

  test("is cancelled in Snowflake when its task is", async () => {
    await using server = await serve(({ url }) =>
      url.pathname === "/queries/v1/query-request" ? undefined : { success: true, data: {} },
    );
    const task = new AbortController();
    const ended = query(server.url, task.signal).catch(({ message }: Error) => message);
    await until("the statement arrives", async () =>
      pathsOf(server).includes("/queries/v1/query-request"),
    );
    task.abort(new Error("cancelled"));
    expect(await ended).toBe("cancelled");
    expect(pathsOf(server)).toContain("/queries/v1/abort-request");
    const [asked] = server.requests.filter(({ url }) => url.pathname.endsWith("query-request"));
    expect(asked?.body).toContain('"bindings"');
  });

  test("whose connection is cut is sent again under the same id, and counts once", async () => {
    const data = {
      ...{ rowtype: [{ name: "A", type: "fixed", scale: 0 }], rowset: [["1"]] },
      ...{ total: 1, returned: 1, queryId: "q", statementTypeId: 4096, parameters: [] },
    };
    let asked = 0;
    await using server = await serve(({ url }) => {
      if (!url.pathname.endsWith("query-request")) return { success: true, data: {} };
      asked += 1;
      return asked === 1 ? "cut" : { success: true, data };
    });
    expect((await query(server.url)).output).toEqual([{ A: 1 }]);
    const ids = server.requests
      .filter(({ url }) => url.pathname.endsWith("query-request"))
      .map(({ url }) => url.searchParams.get("requestId"));
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  test("of a server that does not log in fails, to be retried", async () => {
    await using server = await loopback(() => {});
    const failed = query(server.url, undefined, { login_timeout: 0.2 });
    await expect(failed).rejects.toMatchObject({
      name: "Error",
      message:
        "Snowflake acme (database none): no login within 0.2 s; check account and host of the connection",
    });
  });
});
