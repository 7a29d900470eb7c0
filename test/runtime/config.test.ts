import { hostname, userInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../runtime/config/config.ts";
import { connectionVariable } from "../../runtime/config/environment_secrets.ts";

test("nothing set gives the defaults", () => {
  const config = readConfig({});
  expect(config).toMatchObject({
    databaseUrl: null,
    databaseUrlDirect: null,
    secretKey: null,
    slots: 16,
    colorAllowed: true,
    user: `${userInfo().username}@${hostname()}`,
  });
  const listening = { host: "127.0.0.1", port: null };
  expect(config.web).toEqual({ ...listening, token: null, trustedProxies: [], tls: null });
});

test("proxies are addresses or networks, and nothing else", () => {
  const proxies = (text: string) => readConfig({ DAG_TRUSTED_PROXIES: text }).web.trustedProxies;
  expect(proxies("10.0.0.0/8, fd00::/8,192.0.2.7, loopback")).toEqual([
    ...["10.0.0.0/8", "fd00::/8", "192.0.2.7", "loopback"],
  ]);
  for (const wrong of ["proxy", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "*", "true", "1"])
    expect(() => proxies(wrong)).toThrow(`"${wrong}"`);
});

test("an empty variable counts as not set", () => {
  expect(
    readConfig({ DATABASE_URL: "", DAG_WEB_PORT: "", NO_COLOR: "", DAG_CONN_LAKE: "" }),
  ).toMatchObject({
    databaseUrl: null,
    databaseUrlDirect: null,
    colorAllowed: true,
  });
});

test.each([
  ["DAG_WEB_PORT", "http"],
  ["DAG_WEB_PORT", "65536"],
  ["DAG_WEB_PORT", "-1"],
  ["DAG_WORKER_SLOTS", "0"],
  ["DAG_WORKER_SLOTS", "1.5"],
  ["DAG_METRICS_PORT", "65536"],
  ["DAG_WORKER_GRACE", "10"],
  ["DAG_WORKER_GRACE", "25h"],
  ["DAG_WORKER_GRACE", "-1s"],
  ["DAG_LOG_FORMAT", "xml"],
  ["DAG_LOG_LEVEL", "loud"],
])("%s=%s is refused by name", (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(name) }),
  );
});

test.each([
  [undefined, 10_000],
  ["0s", 0],
  ["10m", 600_000],
  ["24h", 86_400_000],
])("with DAG_WORKER_GRACE=%s a worker waits %i ms for its tasks", (text, ms) => {
  expect(readConfig({ DAG_WORKER_GRACE: text }).workerGraceMs).toBe(ms);
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
  const own = {
    DATABASE_URL: "x",
    PGPASSWORD: "x",
    DAG_SECRET_KEY: "x",
    DAG_CONN_LAKE: "x",
    DAG_VAR_A: "x",
    DAG_WEB_TOKEN: "x",
  };
  expect(readConfig({ ...own, PATH: "/bin", AWS_REGION: "eu-west-1" }).taskEnvironment).toEqual({
    PATH: "/bin",
    AWS_REGION: "eu-west-1",
  });
});

test("a secret of dagsmith under another name does not reach task processes either", () => {
  const { taskEnvironment, ownSecrets } = readConfig({
    DATABASE_URL: "postgres://etl:p%40ssword@db/dagsmith",
    DAG_SECRET_KEY: "the-key-of-all",
    DAG_WEB_TOKEN: "the-web-token",
    POSTGRES_PASSWORD: "p@ssword",
    OTHER_URL: "postgres://etl:p%40ssword@db/other",
    COPY: "key=the-key-of-all",
    HOME: "/home/etl",
  });
  expect(taskEnvironment).toEqual({ HOME: "/home/etl" });
  expect(ownSecrets).toEqual(["p%40ssword", "p@ssword", "the-key-of-all", "the-web-token"]);
});

test("passwords of collectors are secrets, and an address of lineage holds none", () => {
  const { ownSecrets } = readConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel:p%40ssword@collector",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abcdef,x-team=north",
  });
  expect(ownSecrets).toEqual(
    expect.arrayContaining(["p%40ssword", "p@ssword", "Bearer abcdef", "abcdef", "north"]),
  );
  const url = "http://ada:hunter22@marquez";
  expect(() => readConfig({ OPENLINEAGE_URL: url })).toThrow(/OPENLINEAGE_API_KEY/);
  expect(() => readConfig({ OPENLINEAGE_URL: url })).not.toThrow(/hunter22/);
});

describe("DAG_XCOM_FOLDER", () => {
  const folderOf = (folder: string, more: Readonly<Record<string, string>> = {}) =>
    readConfig({ DAG_XCOM_FOLDER: folder, ...more }).xcoms.folder;
  const AWS = { bucket: "my.lake-1", prefix: "", endpoint: null, region: null, pathStyle: false };
  const MINIO = "http://minio:9000";

  test.each(["/mnt/values", "values", "C:\\values", "C:/values", "./s3", "s3"])(
    "%s is a path",
    (path) => {
      expect(folderOf(path)).toBe(path);
    },
  );

  test.each([
    ["s3://my.lake-1", AWS],
    ["S3://my.lake-1/", AWS],
    ["s3://my.lake-1/a", { ...AWS, prefix: "a/" }],
    ["s3://my.lake-1/a/b_c/day=1.x/", { ...AWS, prefix: "a/b_c/day=1.x/" }],
  ])("%s is a folder of a bucket", (url, folder) => {
    expect(folderOf(url)).toEqual(folder);
  });

  test("of a bucket follows the variables of the AWS SDK, and has the bucket in the path where it has an endpoint of its own", () => {
    const url = "s3://my.lake-1";
    const ofEnvironment = (more: Readonly<Record<string, string>>) => folderOf(url, more);
    expect(ofEnvironment({ AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "us-west-2" })).toEqual({
      ...AWS,
      region: "eu-west-1",
    });
    expect(ofEnvironment({ AWS_DEFAULT_REGION: "us-west-2" })).toEqual({
      ...AWS,
      region: "us-west-2",
    });
    expect(ofEnvironment({ AWS_ENDPOINT_URL: MINIO })).toEqual({
      ...AWS,
      endpoint: MINIO,
      pathStyle: true,
    });
    expect(ofEnvironment({ AWS_ENDPOINT_URL: "x", AWS_ENDPOINT_URL_S3: MINIO })).toMatchObject({
      endpoint: MINIO,
    });
    expect(
      ofEnvironment({ AWS_ENDPOINT_URL: MINIO, DAG_XCOM_S3_PATH_STYLE: "false" }),
    ).toMatchObject({ pathStyle: false });
    expect(ofEnvironment({ DAG_XCOM_S3_PATH_STYLE: "true" })).toEqual({ ...AWS, pathStyle: true });
  });

  test.each([
    [
      "ftp://lake/values",
      /^DAG_XCOM_FOLDER: it begins with "ftp:"; allowed: a path, file:\/\/\/folder, s3:\/\/bucket\/prefix, gs:\/\/bucket\/prefix or az:\/\/container\/prefix$/,
    ],
    ["file://host/values", /it is not file:\/\/\/folder/],
    ["gs://lake/../other", /it is not gs:\/\/bucket\/prefix/],
    ["gs://user:topsecret@lake", /it is not gs:\/\/bucket\/prefix/],
    ["az://values", /^DAG_XCOM_CONNECTION: az:\/\/ needs the URI or JSON of a connection/],
    ["https://lake.s3.amazonaws.com/values", /"https:"/],
    ["s3:/lake/values", /it is not s3:\/\/bucket\/prefix/],
    ["s3://", /3 to 63 lower-case letters/],
    ["s3:///values", /3 to 63 lower-case letters/],
    ["s3://Lake", /3 to 63 lower-case letters/],
    ["s3://la_ke", /3 to 63 lower-case letters/],
    ["s3://lake/../other", /single \//],
    ["s3://lake/a/./b", /single \//],
    ["s3://lake//a", /single \//],
    ["s3://lake/a?region=eu", /single \//],
    [`s3://lake/${"a".repeat(901)}`, /at most 900/],
  ])("%s is refused", (folder, message) => {
    expect(() => folderOf(folder)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message),
      }),
    );
  });

  test("file:///folder is the path of the folder", () => {
    expect(folderOf("file:///mnt/my%20values")).toBe("/mnt/my values");
  });

  test("of Google or Azure has a connection; that of Google may be left out", () => {
    const wasb = { DAG_XCOM_CONNECTION: "wasb://lake:c2VjcmV0@" };
    expect(folderOf("az://values/of/dagsmith/", wasb)).toMatchObject({
      ...{ scheme: "az", bucket: "values", prefix: "of/dagsmith/" },
      connection: { type: "wasb", login: "lake", password: "c2VjcmV0" },
    });
    expect(folderOf("gs://my_lake")).toMatchObject({
      ...{ scheme: "gs", bucket: "my_lake", prefix: "" },
      connection: { type: "google_cloud_platform", password: null },
    });
    expect(() => folderOf("az://my_lake", wasb)).toThrow(/lower-case letters, digits or -/);
  });

  test.each(["/mnt/values", "s3://my.lake-1"])("%s refuses a connection", (folder) => {
    expect(() => folderOf(folder, { DAG_XCOM_CONNECTION: "aws://AKIA:topsecret@" })).toThrow(
      /^DAG_XCOM_CONNECTION: only gs:\/\/ and az:\/\/ in DAG_XCOM_FOLDER take a connection; leave it out/,
    );
  });

  test("a connection of the folder that cannot be read is not repeated, and is a secret", () => {
    const wrong = { DAG_XCOM_CONNECTION: "topsecret" };
    expect(() => folderOf("gs://lake", wrong)).toThrow(/DAG_XCOM_CONNECTION/);
    expect(() => folderOf("gs://lake", wrong)).not.toThrow(/topsecret/);
    const DAG_XCOM_CONNECTION = "wasb://lake:c2VjcmV0@";
    const { ownSecrets, taskEnvironment } = readConfig({
      ...{ DAG_XCOM_FOLDER: "az://values", DAG_XCOM_CONNECTION, COPY: DAG_XCOM_CONNECTION },
    });
    expect([ownSecrets, taskEnvironment]).toEqual([[DAG_XCOM_CONNECTION], {}]);
  });

  test("that holds credentials is refused without being repeated, and so is such an endpoint", () => {
    const refusal = (folder: string, more: Readonly<Record<string, string>> = {}): string => {
      try {
        return JSON.stringify(folderOf(folder, more));
      } catch (error) {
        return (error as Error).message;
      }
    };
    const told = [
      refusal("s3://AKIA:topsecret@lake/values"),
      refusal("s3://lake", { AWS_ENDPOINT_URL: "http://AKIA:topsecret@minio:9000" }),
    ];
    expect(told).toEqual([
      expect.stringMatching(/^DAG_XCOM_FOLDER: .*credentials are set elsewhere/),
      expect.stringMatching(/^AWS_ENDPOINT_URL: .* no credentials in it/),
    ]);
    expect(told.join()).not.toMatch(/AKIA|topsecret/);
  });

  test("a path leaves the AWS SDK's variables unread", () => {
    expect(folderOf("/values", { AWS_ENDPOINT_URL: "x", DAG_XCOM_S3_PATH_STYLE: "x" })).toBe(
      "/values",
    );
    expect(() => folderOf("s3://lake", { DAG_XCOM_S3_PATH_STYLE: "yes" })).toThrow(
      /DAG_XCOM_S3_PATH_STYLE: it is "yes"; allowed: true, false/,
    );
  });
});

test.each([
  ["https://dags.example.org/", "https://dags.example.org"],
  ["http://10.0.0.1:8080/dagsmith/", "http://10.0.0.1:8080/dagsmith"],
])("DAG_BASE_URL %s gives links that begin with %s", (value, baseUrl) => {
  expect(readConfig({ DAG_BASE_URL: value }).baseUrl).toBe(baseUrl);
});

test.each(["dags.example.org", "ftp://dags.example.org", "https://x.org/?a=1"])(
  "DAG_BASE_URL %s is refused",
  (value) => {
    expect(() => readConfig({ DAG_BASE_URL: value })).toThrow(
      /^DAG_BASE_URL: it must be the address/,
    );
  },
);

test("processes that import DAG files see the folder of compiled code, and no settings", () => {
  const { inherited } = readConfig({
    PATH: "/bin",
    NODE_COMPILE_CACHE: "/tmp/compiled",
    DATABASE_URL: "postgres://dag:s3cret@db/dag",
    DAG_WEB_TOKEN: "s3cret",
    ORDERS_KEY: "s3cret",
  });
  expect(JSON.parse(JSON.stringify(inherited))).toEqual({
    PATH: "/bin",
    NODE_COMPILE_CACHE: "/tmp/compiled",
  });
});
