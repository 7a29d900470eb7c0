/** What the operators of HTTP say of each fault, and whether a retry follows. */
import { dag } from "dagsmith";
import { httpHook, httpRequest, httpSensor } from "dagsmith/plugins/http";
import { runDag, runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { loopback } from "../../support/loopback.ts";

const OPERATORS = {
  httpRequest: httpRequest({ http: "api", path: "/x", method: "POST" }),
  httpSensor: httpSensor({ http: "api", path: "/x", method: "POST" }),
};
const failureOf = (name: keyof typeof OPERATORS, host: string): Promise<Error> =>
  runTask(OPERATORS[name] as (typeof OPERATORS)["httpRequest"], {
    connections: { api: { type: "http", host, extra: { token: "s3cret" } } },
  }).then(
    () => expect.unreachable("it succeeded"),
    (error: Error) => error,
  );

describe("httpRequest takes a body for what its answer says it is", () => {
  const bodyOf = async (type: string, body: string | Buffer) => {
    await using server = await loopback((_, response) => {
      response.setHeader("content-type", type);
      response.end(body);
    });
    const connections = { api: { type: "http", host: server.url } };
    const { output } = await runTask(httpRequest({ http: "api", path: "/x" }), { connections });
    return output;
  };

  test.each([
    ["text/plain", Buffer.from("Doña"), "Doña"],
    ["text/plain; charset=iso-8859-1", Buffer.from("Do\xf1a", "latin1"), "Doña"],
    ['application/json; charset="windows-1252"', Buffer.from('{"a":"\x80"}', "latin1"), { a: "€" }],
    ["text/plain; charset=utf-16le", Buffer.from("ä🚀", "utf16le"), "ä🚀"],
    ["application/json", "\uFEFF[1]", [1]],
    ["application/vnd.api+json", '{"a":1}', { a: 1 }],
    ["application/json", "", null],
    ["application/jsonlines", "{}\n{}\n", "{}\n{}\n"],
  ])("%s", async (type, body, output) => expect(await bodyOf(type, body)).toEqual(output));

  test.each([
    ["text/plain", Buffer.from("Do\xf1a", "latin1"), "text in utf-8"],
    ["application/json", Buffer.from('{"a":"\xf1"}', "latin1"), "text in utf-8"],
    ["text/plain; charset=klingon", "x", "text in klingon"],
    ["application/json", "<html>log in</html>", "whole JSON"],
    ["application/json", '{"password":"hun', "whole JSON"],
    ["application/json", '{"a":NaN}', "whole JSON"],
  ])("%s: %s is refused, and not quoted", async (type, body, what) => {
    const error = await bodyOf(type, body).catch((reason: Error) => reason);
    expect(error).toMatchObject({
      name: "HttpError",
      message: expect.stringMatching(
        new RegExp(`^GET /x answered 200 with a body that is not ${what} \\(127.0.0.1:\\d+\\)$`),
      ),
    });
  });
});

describe.each(["httpRequest", "httpSensor"] as const)("%s", (operator) => {
  test.each([
    [400, "FailTask", "400 Bad Request"],
    [401, "FailTask", "401 Unauthorized"],
    [403, "FailTask", "403 Forbidden"],
    [405, "FailTask", "405 Method Not Allowed"],
    [410, "FailTask", "410 Gone"],
    [422, "FailTask", "422 Unprocessable Entity"],
    [429, "HttpError", "429 Too Many Requests"],
    [500, "HttpError", "500 Internal Server Error"],
    [503, "HttpError", "503 Service Unavailable"],
  ])("%i is a %s, in words and with the host", async (status, name, words) => {
    await using server = await loopback((_, response) => void response.writeHead(status).end());
    const error = await failureOf(operator, server.url);
    expect(error.name).toBe(name);
    expect(error.message).toBe(`POST /x answered ${words} (${new URL(server.url).host})`);
  });

  test("a connection that is cut, and a name that does not exist, may be tried again", async () => {
    await using server = await loopback((_, response) => response.destroy());
    for (const [host, says] of [
      [server.url, /^POST \/x failed: .+ \(127.0.0.1:\d+\)$/],
      [
        "http://api.nowhere.invalid",
        /^POST \/x failed: .*(ENOTFOUND|EAI_AGAIN).* \(api.nowhere.invalid\)$/,
      ],
    ] as const) {
      const error = await failureOf(operator, host);
      expect(error.name).toBe("HttpError");
      expect(error.message).toMatch(says);
    }
  });

  test("a port of another protocol fails for good, and a status that is none is named", async () => {
    const refused = await failureOf(operator, "http://127.0.0.1:25");
    expect([refused.name, refused.message]).toEqual([
      "FailTask",
      "POST /x failed: fetch refuses this port, because it belongs to another protocol. Give the service another port (127.0.0.1:25)",
    ]);
    await using server = await loopback((_, response) => void response.writeHead(999).end());
    expect((await failureOf(operator, server.url)).message).toContain(
      "POST /x failed: the answer has a status outside of 200 to 599",
    );
  });

  test("a port that speaks no TLS fails for good", async () => {
    await using server = await loopback((_, response) => response.end());
    const error = await failureOf(operator, server.url.replace("http:", "https:"));
    expect([error.name, error.message]).toEqual(["FailTask", expect.stringMatching(/SSL|EPROTO/)]);
  });

  test("a service that is down names each of its addresses", async () => {
    const server = await loopback((_, response) => response.end());
    await server[Symbol.asyncDispose]();
    const { port } = new URL(server.url);
    const error = await failureOf(operator, `http://localhost:${port}`);
    expect(error.message).not.toContain("AggregateError");
    expect(error.message).toMatch(
      new RegExp(`ECONNREFUSED (127.0.0.1|::1):${port}.* \\(localhost:${port}\\)$`),
    );
  });
});

describe("in a task's own code", () => {
  const tries = async (status: number, options: object = {}): Promise<number | undefined> => {
    await using server = await loopback((_, response) => void response.writeHead(status).end());
    const d = dag("own_code");
    d.task("t", { retries: 2, retryDelay: "0s", ...options }, async ({ hook }) => {
      await (await hook(httpHook("api"))).post("/x");
    });
    const { tasks } = await runDag(d, {
      connections: { api: { type: "http", host: server.url } },
    });
    return tasks[0]?.tryNumber;
  };

  test.each([400, 401, 403, 405, 410, 422, 451])("%i of the hook is not retried", async (status) =>
    expect(await tries(status)).toBe(1),
  );

  test.each([404, 409, 429, 500, 503])("%i of the hook is retried", async (status) =>
    expect(await tries(status)).toBe(3),
  );

  test("403 of the hook is retried when the task says so", async () =>
    expect(await tries(403, { retryIf: () => true })).toBe(3));
});
