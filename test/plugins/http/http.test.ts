import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { parseConnection } from "dagsmith";
import { type HttpClient, HttpError, httpHook, httpRequest } from "dagsmith/plugins/http";
import { type RunTaskOptions, runTask } from "dagsmith/testing";
import { expect, expectTypeOf, test } from "vitest";
import { baseUrl, headersOf } from "../../../plugins/http/connection.ts";
import { retryAfterMs } from "../../../plugins/http/retry.ts";
import { type Loopback, loopback, sendCut, sendJson } from "../../support/loopback.ts";

const SECRET = "s3cret-token";

const connected = (server: Pick<Loopback, "url">, rest: object = {}): RunTaskOptions => ({
  connections: { api: { type: "http", host: server.url, extra: { token: SECRET }, ...rest } },
});

/** Runs work with the client, as a task. */
function using<Output>(
  server: Pick<Loopback, "url">,
  work: (client: HttpClient) => Promise<Output>,
  options: RunTaskOptions = {},
) {
  return runTask<Output>(async ({ hook }) => work(await hook(httpHook("api"))), {
    ...connected(server),
    ...options,
  });
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.unreachable("it succeeded"),
    (error: Error) => error,
  );
}

test.each([
  ["http://example.com", "http://example.com"],
  ["https://example.com:8443", "https://example.com:8443"],
  ["https://example.com/api/v2", "https://example.com/api/v2"],
  ["http://example.com/https", "https://example.com"],
  ["http://https%3A%2F%2Fexample.com%2Fapi%2F", "https://example.com/api"],
  ["https://http%3A%2F%2Fu%3Ap%40example.com%2F", "http://example.com"],
])("reads the connection %s as %s", (uri, url) => {
  expect(baseUrl(parseConnection("api", uri))).toBe(url);
});

test("refuses a connection without a host", () => {
  expect(() => baseUrl(parseConnection("api", "http://"))).toThrow(
    "host is neither a host name nor an http(s) URL",
  );
});

test.each([
  [{ login: "ada", password: "x" }, { authorization: `Basic ${btoa("ada:x")}` }],
  [{ extra: { token: "t" }, login: "ada" }, { authorization: "Bearer t" }],
  [{ extra: { headers: { "X-Api-Key": "k" } } }, { "x-api-key": "k" }],
  [
    { extra: { token: "t", headers: { Authorization: "Custom y" } } },
    { authorization: "Custom y" },
  ],
  [{}, {}],
])("logs in with %j", (fields, headers) => {
  expect(
    headersOf(parseConnection("api", JSON.stringify({ type: "http", host: "h", ...fields }))),
  ).toEqual(headers);
});

test("sends path, query, headers and JSON", async () => {
  await using server = await loopback((_, response) => sendJson(response, 201, { id: 7 }));
  const { output } = await post(server);
  expect(output).toEqual([201, { id: 7 }]);
  const [request] = server.requests;
  expect(`${request?.method} ${request?.url.pathname}${request?.url.search}`).toBe(
    "POST /v2/users?dry=true&q=a+%26+b",
  );
  expect(request?.headers).toMatchObject({
    authorization: `Bearer ${SECRET}`,
    "content-type": "application/json",
    "x-one": "1",
  });
  expect(JSON.parse(request!.body)).toEqual({ name: "ada" });
});

function post(server: Loopback) {
  return runTask(
    async ({ hook }) => {
      const client = await hook(httpHook("api"));
      const response = await client.post("/users", {
        query: { dry: true, q: "a & b" },
        headers: { "X-One": "1" },
        json: { name: "ada" },
      });
      return [response.status, (await response.json()) as { id: number }] as const;
    },
    connected(server, { schema: "v2" }),
  );
}

test.each([429, 502, 503, 504])("%i is asked for again", async (status) => {
  await using server = await loopback((_, response, count) =>
    sendJson(response, count === 1 ? status : 200, { count }),
  );
  const { output, log } = await using(server, (client) => client.json("/rates"));
  expect(output).toEqual({ count: 2 });
  expect(log).toEqual([
    {
      level: "warn",
      text: expect.stringMatching(
        new RegExp(`^GET /rates answered ${status} .*trying again in \\d+ ms \\(1 of 3\\)$`),
      ),
    },
  ]);
});

test("waits as Retry-After says", async () => {
  await using server = await loopback((_, response, count) =>
    sendJson(response, count === 1 ? 429 : 200, {}, { "retry-after": "1" }),
  );
  const { log } = await using(server, (client) => client.json("/"));
  expect(log[0]?.text).toContain("trying again in 1000 ms");
});

test.each([
  ["7", 7_000],
  ["0", 0],
  ["Thu, 01 Jan 1970 00:00:30 GMT", 20_000],
  ["Thu, 01 Jan 1970 00:00:01 GMT", 0],
  ["soon", null],
  ["", null],
  [null, null],
])("reads Retry-After %j as %s ms", (header, ms) => {
  expect(retryAfterMs(header, 10_000)).toBe(ms);
});

test("does not wait longer than a minute for anybody", async () => {
  await using server = await loopback((_, response) =>
    sendJson(response, 503, {}, { "retry-after": "3600" }),
  );
  expect((await failureOf(using(server, (client) => client.json("/")))).message).toContain(
    "GET / answered 503",
  );
  expect(server.requests).toHaveLength(1);
});

test("gives up after the retries it was given", async () => {
  await using server = await loopback((_, response) => sendJson(response, 503, {}));
  await failureOf(using(server, (client) => client.json("/", { retries: 1 })));
  expect(server.requests).toHaveLength(2);
});

test("does not repeat a POST", async () => {
  await using server = await loopback((_, response) => sendJson(response, 503, {}));
  await failureOf(using(server, (client) => client.post("/orders", { json: {} })));
  expect(server.requests).toHaveLength(1);
});

test.each([400, 401, 403, 404, 409, 500])(
  "%i fails at once, with method, path, status and the reason, without query and token",
  async (status) => {
    await using server = await loopback((_, response) =>
      sendJson(response, status, { why: "because" }),
    );
    const error = await failureOf(
      using(server, (client) => client.json("/users/7", { query: { key: "hidden" } })),
    );
    expect(error.name).toBe("HttpError");
    expect(error.message).toMatch(
      new RegExp(`^GET /users/7 answered ${status} .*: {"why":"because"}$`),
    );
    expect(`${error.message}${error.stack}`).not.toMatch(/hidden|s3cret/);
    expect(server.requests).toHaveLength(1);
  },
);

test("the status of an error is there to decide on", async () => {
  await using server = await loopback((_, response) => sendJson(response, 404, {}));
  const { output } = await using(server, (client) =>
    client
      .json("/users/7")
      .catch((error: unknown) =>
        error instanceof HttpError && error.status === 404 ? "absent" : "broken",
      ),
  );
  expect(output).toBe("absent");
});

test("a connection that breaks, before or within the answer, is asked again", async () => {
  const body = { text: "x".repeat(10_000) };
  await using server = await loopback((_, response, count) => {
    if (count === 1) response.destroy();
    else if (count === 2) sendCut(response, body);
    else sendJson(response, 200, body);
  });
  expect((await using(server, (client) => client.json("/"))).output).toEqual(body);
});

test("a body that is always cut is an error, never less data", async () => {
  await using server = await loopback((_, response) =>
    sendCut(response, { text: "x".repeat(10_000) }),
  );
  expect(
    (
      await failureOf(
        using(server, (client) => client.get("/data", { retries: 1 }).then(() => null)),
      )
    ).message,
  ).toMatch(/^GET \/data failed: /);
});

test("JSON that ends early without saying so is an error that quotes no data", async () => {
  await using server = await loopback((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end('{"password": "hun');
  });
  const error = await failureOf(using(server, (client) => client.json("/data")));
  const { host } = new URL(server.url);
  expect(error.message).toBe(`GET /data answered 200 with a body that is not whole JSON (${host})`);
});

test("a download streams, and fails when it is cut", async () => {
  const text = "x".repeat(200_000);
  await using server = await loopback(({ url }, response) =>
    url.pathname === "/whole" ? response.end(text) : sendCut(response, text),
  );
  const read = (path: string) =>
    using(server, async (client) => {
      let bytes = 0;
      for await (const chunk of await client.download(path))
        bytes += (chunk as Uint8Array).byteLength;
      return bytes;
    });
  expect((await read("/whole")).output).toBe(200_000);
  await failureOf(read("/cut"));
});

test("a download unpacks a gzipped file, and fails when that was cut, however late somebody reads it", async () => {
  const packed = gzipSync("trip,fare\n".repeat(1_000));
  await using server = await loopback(({ url }, response) =>
    response.end(url.pathname === "/whole" ? packed : packed.subarray(0, -9)),
  );
  const whole = await using(server, async (client) =>
    text(await client.download("/whole", { gunzip: true })),
  );
  expect(whole.output).toHaveLength(10_000);
  const late = using(server, async (client) => {
    const content = await client.download("/cut", { gunzip: true });
    await new Promise<void>((broken) => content.once("close", broken));
    return text(content);
  });
  await expect(late).rejects.toThrow("unexpected end of file");
});

test("an answer that does not come in time is an error", async () => {
  await using server = await loopback((_, response) => void response.writeHead(200).write("{"));
  const error = await failureOf(
    using(server, (client) => client.json("/slow", { timeout: "100ms" })),
  );
  expect(error.message).toMatch(/^GET \/slow failed: no whole answer within 100ms \(127/);
});

test("an abort of the task ends the request, and a wait between two", async () => {
  for (const answer of ["none", "busy"] as const) {
    const task = new AbortController();
    await using server = await loopback((_, response) => {
      if (answer === "none") return task.abort(new Error("cancelled"));
      sendJson(response, 503, {}, { "retry-after": "59" });
      response.once("close", () => task.abort(new Error("cancelled")));
    });
    await failureOf(using(server, (client) => client.json("/"), { signal: task.signal }));
    expect(server.requests).toHaveLength(1);
  }
});

test("a whole URL is taken only for the service of the connection", async () => {
  await using server = await loopback((_, response) => sendJson(response, 200, [1]));
  await using other = await loopback((_, response) => sendJson(response, 200, [2]));
  expect((await using(server, (client) => client.json(`${server.url}/next`))).output).toEqual([1]);
  await failureOf(using(server, (client) => client.json(`${other.url}/next`)));
  await using(server, (client) => client.json("//example.com/x"));
  expect(other.requests).toEqual([]);
});

test("the operator returns JSON as a value, anything else as text", async () => {
  await using server = await loopback(({ url }, response) =>
    url.pathname === "/json" ? sendJson(response, 200, { a: 1 }) : response.end("plain"),
  );
  expect(
    (await runTask(httpRequest({ http: "api", path: "/json" }), connected(server))).output,
  ).toEqual({ a: 1 });
  expect(
    (await runTask(httpRequest({ http: "api", path: () => "/text" }), connected(server))).output,
  ).toBe("plain");
});

test("the operator takes fields from the context and makes what it is told of the answer", async () => {
  await using server = await loopback((_, response) => sendJson(response, 200, { rate: 1.5 }));
  const body = httpRequest({
    http: "api",
    method: "put",
    path: ({ logicalDate }) => `/rates/${logicalDate.toISODate()}`,
    json: ({ inputs }) => ({ given: inputs as number }),
    output: async (response) => ((await response.json()) as { rate: number }).rate,
  });
  const { output, rendered } = await runTask(body, {
    ...connected(server),
    logicalDate: "2018-01-05",
    inputs: {},
  });
  expectTypeOf(output).toBeNumber();
  expect(output).toBe(1.5);
  expect(rendered).toEqual({ request: "put /rates/2018-01-05", json: { given: {} } });
  expect(`${server.requests[0]?.method} ${server.requests[0]?.url.pathname}`).toBe(
    "PUT /rates/2018-01-05",
  );
});
