/** What each way to S3 says of each fault, and whether a retry follows. */
import { gzipSync } from "node:zlib";
import { sql, type TaskBody } from "dagsmith";
import {
  redshiftHook,
  type S3,
  s3Hook,
  s3KeySensor,
  s3ToPostgres,
  s3ToRedshift,
} from "dagsmith/plugins/aws";
import { runTask } from "dagsmith/testing";
import { expect, onTestFinished, test } from "vitest";
import { headerOf } from "../../../plugins/aws/s3_source.ts";
import { tryS3 } from "../../../plugins/aws/try_s3.ts";
import { startSandboxS3 } from "../../../runtime/sandbox/s3.ts";
import { type Loopback, loopback } from "../../support/loopback.ts";

const SECRET = "s3cr3t-access-key";
const connections = (endpoint: string) => ({
  s3: { type: "aws", login: "AKIA", password: SECRET, extra: { endpoint_url: endpoint } },
  warehouse: "postgres://nobody@127.0.0.1:1/none",
});

const hooked =
  (work: (s3: S3) => Promise<unknown>): TaskBody<null> =>
  async ({ hook }) => {
    await work(await hook(s3Hook("s3")));
    return null;
  };
const source = { s3: "s3", bucket: "lake", key: "a.csv", schema: "s", table: "t" } as const;
/** Each way to S3, and the operation that its error names. */
const WAYS: Readonly<Record<string, [string, TaskBody<never> | TaskBody<null>]>> = {
  head: ["HeadObject", hooked((s3) => s3.head("lake", "a.csv"))],
  exists: ["HeadObject", hooked((s3) => s3.exists("lake", "a.csv"))],
  getText: ["GetObject", hooked((s3) => s3.getText("lake", "a.csv"))],
  putText: ["PutObject", hooked((s3) => s3.putText("lake", "a.csv", "x"))],
  list: [
    "ListObjects",
    hooked(async (s3) => {
      for await (const _ of s3.list("lake", "a.csv"));
    }),
  ],
  delete: ["DeleteObjects", hooked((s3) => s3.delete("lake", "a.csv"))],
  copy: [
    "CopyObject",
    hooked((s3) => s3.copy({ bucket: "lake", key: "a.csv" }, { bucket: "lake", key: "b" })),
  ],
  s3KeySensor: ["HeadObject", s3KeySensor({ s3: "s3", bucket: "lake", key: "a.csv" }) as never],
  s3ToPostgres: [
    "HeadObject",
    s3ToPostgres({ ...source, postgres: "warehouse", loadType: "truncate" }) as never,
  ],
  s3ToRedshift: [
    "HeadObject",
    s3ToRedshift({ ...source, redshift: "warehouse", loadType: "truncate" }) as never,
  ],
};

const failureOf = (body: TaskBody<never> | TaskBody<null>, endpoint: string): Promise<Error> =>
  runTask(body as TaskBody<null>, { connections: connections(endpoint) }).then(
    () => expect.unreachable("the task succeeded"),
    (error: Error) => error,
  );

async function expectOnEachWay(
  endpoint: string,
  expected: { readonly name: string; readonly says: readonly RegExp[] },
): Promise<void> {
  const errors = Object.entries(WAYS).map(async ([way, [operation, body]]) => {
    const error = await failureOf(body, endpoint);
    expect([way, error.name]).toEqual([way, expected.name]);
    expect(error.message).toContain(`S3 ${operation} s3://lake/a.csv: `);
    for (const text of expected.says) expect(`${way}: ${error.message}`).toMatch(text);
    expect(`${error.message}${error.stack}`).not.toContain(SECRET);
    expect(error.message).not.toMatch(/UnknownError|AggregateError|undefined/);
  });
  await Promise.all(errors);
}

function answering(status: number, headers: Record<string, string> = {}): Promise<Loopback> {
  return loopback((_, response) => {
    response.writeHead(status, headers).end();
  });
}

test.concurrent.each<[number, Record<string, string>, string, RegExp[]]>([
  [301, { "x-amz-bucket-region": "eu-west-1" }, "FailTask", [/eu-west-1/, /extra.region_name/]],
  [400, { "x-amz-bucket-region": "eu-west-1" }, "FailTask", [/eu-west-1/, /extra.region_name/]],
  [400, {}, "FailTask", [/400 Bad Request; check/]],
  [401, {}, "FailTask", [/401 Unauthorized; check the access key and secret/]],
  [403, {}, "FailTask", [/403 Forbidden; check the access key and secret/]],
  [429, { "retry-after": "0" }, "Error", [/429 Too Many Requests/]],
  [500, {}, "Error", [/500 Internal Server Error/]],
  [503, {}, "Error", [/503 Service Unavailable; the service is too busy/]],
])("%i %o is a %s on each way, in words", async (status, headers, name, says) => {
  await using server = await answering(status, headers);
  await expectOnEachWay(server.url, { name, says });
});

test.concurrent("429 hands Retry-After on to the retry of the task", async () => {
  await using server = await answering(429, { "retry-after": "0" });
  let thrown: unknown;
  const head = hooked((s3) =>
    s3.head("lake", "a.csv").catch((error: unknown) => {
      thrown = error;
    }),
  );
  await runTask(head, { connections: connections(server.url) });
  expect(thrown).toMatchObject({ retryAfter: 0 });
});

test("a connection that is cut names the host and may be tried again", async () => {
  await using server = await loopback((_, response) => response.destroy());
  await expectOnEachWay(server.url, {
    name: "Error",
    says: [/no answer from 127.0.0.1:\d+: .*ECONNRESET/],
  });
});

test.concurrent("a name that does not exist is named", async () => {
  await expectOnEachWay("http://s3.nowhere.invalid", {
    name: "Error",
    says: [/no answer from s3.nowhere.invalid: .*(ENOTFOUND|EAI_AGAIN)/],
  });
});

test("a port that speaks no TLS fails for good", async () => {
  await using server = await answering(200);
  await expectOnEachWay(server.url.replace("http:", "https:"), {
    name: "FailTask",
    says: [/no answer from 127.0.0.1:\d+: .*(EPROTO|SSL)/],
  });
});

test("a bucket that does not exist fails the sensor, exists and head for good", async () => {
  const server = await startSandboxS3();
  onTestFinished(() => server.close());
  for (const way of ["head", "exists", "s3KeySensor", "s3ToPostgres", "s3ToRedshift"])
    expect(await failureOf(WAYS[way]?.[1] as never, server.url)).toMatchObject({
      name: "FailTask",
      message: "S3 HeadObject s3://lake/a.csv: there is no bucket lake",
    });
});

test("without the right to list a bucket, a missing key is a missing key", async () => {
  await using server = await loopback((request, response) => {
    response.writeHead(/^\/lake\/?$/.test(request.url.pathname) ? 403 : 404).end();
  });
  const { output } = await runTask(s3KeySensor({ s3: "s3", bucket: "lake", key: "a.csv" }), {
    connections: connections(server.url),
  });
  expect(output).toEqual({ done: false });
});

test("the error of a source is what an upload says, when its parts cannot be taken back", async () => {
  await using server = await loopback((request, response) => {
    if (request.method === "DELETE") return void response.writeHead(403).end();
    const created =
      "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    response.writeHead(200, { etag: '"1"' }).end(request.method === "POST" ? created : "");
  });
  async function* broken(): AsyncGenerator<Uint8Array> {
    for (let part = 0; part < 20; part++) yield Buffer.alloc(1024 * 1024);
    throw new TypeError("the source broke");
  }
  let thrown: unknown;
  const { log } = await runTask(
    async ({ hook }) => {
      const s3 = await hook(s3Hook("s3"));
      await s3.putStream("lake", "k", broken()).catch((error: unknown) => {
        thrown = error;
      });
    },
    { connections: connections(server.url) },
  );
  expect(thrown).toEqual(new TypeError("the source broke"));
  expect(log[0]?.text).toMatch(
    /parts of the upload of s3:\/\/lake\/k stay .*s3:AbortMultipartUpload/,
  );
});

test.each(["not gzip", "ends early"])("a .gz object that is %s is named", async (kind) => {
  const server = await startSandboxS3({ buckets: ["lake"] });
  onTestFinished(() => server.close());
  const whole = gzipSync("a\n1\n".repeat(1000));
  const content = kind === "not gzip" ? Buffer.from("a\n1\n") : whole.subarray(0, 30);
  const put = hooked((s3) =>
    s3.putStream("lake", "b.csv.gz", [content] as unknown as AsyncIterable<Buffer>),
  );
  await runTask(put, { connections: connections(server.url) });
  const read: TaskBody<null> = async ({ hook }) => {
    const s3 = await hook(s3Hook("s3"));
    await headerOf(
      { s3, bucket: "lake", key: "b.csv.gz", format: "csv", csv: {}, packing: "gzip" } as never,
      [],
    );
    return null;
  };
  expect(await failureOf(read, server.url)).toMatchObject({
    name: "FailTask",
    message: expect.stringMatching(/^s3:\/\/lake\/b.csv.gz is not whole gzip/),
  });
});

test.each<[number, string, RegExp]>([
  [403, "FailTask", /^Redshift: 403 Forbidden; check/],
  [503, "Error", /^Redshift: 503 Service Unavailable/],
])("Redshift: %i is a %s, in words", async (status, name, says) => {
  await using server = await answering(status);
  const extra = {
    endpoint_url: server.url,
    aws_access_key_id: "AKIA",
    aws_secret_access_key: SECRET,
  };
  const error = await runTask(
    async ({ hook }) => void (await (await hook(redshiftHook("w"))).query(sql`select 1`)),
    { connections: { w: { type: "redshift", host: "lake", extra } } },
  ).catch((error: Error) => error);
  expect(error).toMatchObject({ name, message: expect.stringMatching(says) });
});

test.each([
  [404, "NoSuchEntity", "Error"],
  [403, "AccessDenied", "FailTask"],
  [503, "ServiceUnavailable", "Error"],
])("a role that STS refuses with %i is named, and no request of S3", async (status, code, name) => {
  const role = "arn:aws:iam::123456789012:role/lake";
  const reason = `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
  await using server = await loopback((_, response) => response.writeHead(status).end(reason));
  const login = { endpoint_url: server.url, assume_role_arn: role };
  const s3 = { type: "aws", login: "AKIA", password: SECRET, extra: login };
  const message = `AWS STS AssumeRole ${role}: ${code}: no`;
  const tried = ["head", "exists", "getText", "list"].map(async (way) => {
    const body = WAYS[way]?.[1] as TaskBody<null>;
    const error = await runTask(body, { connections: { s3 } }).catch((thrown: unknown) => thrown);
    expect([way, error]).toMatchObject([way, { name, message }]);
  });
  await Promise.all(tried);
  const config = {
    ...{ endpoint: server.url, region: "eu-west-1" },
    credentials: { accessKeyId: "AKIA", secretAccessKey: SECRET },
    assumedRole: { roleArn: role, endpoint: server.url },
  };
  await expect(tryS3(config, new AbortController().signal)).rejects.toThrow("AWS STS AssumeRole");
});
