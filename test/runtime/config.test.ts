import { expect, test } from "vitest";
import { connectionVariable, readConfig } from "../../runtime/config.ts";

test("nothing set gives the defaults", () => {
  const config = readConfig({});
  expect(config).toMatchObject({ databaseUrl: null, secretKey: null, slots: 16, colorAllowed: true, user: "unknown" });
  expect(config.web).toEqual({ host: "127.0.0.1", port: null, token: null });
});

test("an empty variable counts as not set", () => {
  expect(readConfig({ DATABASE_URL: "", DAG_WEB_PORT: "", NO_COLOR: "", DAG_CONN_LAKE: "" })).toMatchObject({
    databaseUrl: null,
    colorAllowed: true,
  });
});

test.each([
  ["DAG_WEB_PORT", "http"],
  ["DAG_WEB_PORT", "65536"],
  ["DAG_WEB_PORT", "-1"],
  ["DAG_WORKER_SLOTS", "0"],
  ["DAG_WORKER_SLOTS", "1.5"],
])("%s=%s is refused by name", (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(name) }),
  );
});

test("NO_COLOR and a dumb terminal turn colours off", () => {
  expect(readConfig({ NO_COLOR: "1" }).colorAllowed).toBe(false);
  expect(readConfig({ TERM: "dumb" }).colorAllowed).toBe(false);
});

test("a connection's variable is its id in capitals, with _ for everything else", () => {
  expect(connectionVariable("my-lake.2")).toBe("DAG_CONN_MY_LAKE_2");
  expect(readConfig({ DAG_CONN_MY_LAKE_2: "x://" }).secrets.connection("my-lake.2")).toBe("x://");
});

test("task processes see the environment without dagsmith's settings, secrets and database", () => {
  const own = { DATABASE_URL: "x", PGPASSWORD: "x", DAG_SECRET_KEY: "x", DAG_CONN_LAKE: "x", DAG_VAR_A: "x", DAG_WEB_TOKEN: "x" };
  expect(readConfig({ ...own, PATH: "/bin", AWS_REGION: "eu-west-1" }).taskEnvironment).toEqual({ PATH: "/bin", AWS_REGION: "eu-west-1" });
});
