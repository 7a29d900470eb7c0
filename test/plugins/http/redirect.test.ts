/**
 * Redirects: no header of the connection leaves its server, no method changes in silence.
 */
import { type HttpClient, httpHook } from "dagsmith/plugins/http";
import { runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { type Loopback, loopback } from "../../support/loopback.ts";

const run = <Output>(server: Loopback, work: (client: HttpClient) => Promise<Output>) =>
  runTask<Output>(async ({ hook }) => work(await hook(httpHook("api"))), {
    connections: {
      api: {
        ...{ type: "http", host: server.url, login: "ada", password: "s3cret" },
        extra: { headers: { "x-api-key": "s3cret" } },
      },
    },
  });

const redirecting = (status: number, to: string): Promise<Loopback> =>
  loopback(({ url }, response) => {
    if (url.pathname === "/there") response.end("there");
    else response.writeHead(status, to === "" ? {} : { location: to }).end();
  });

const textOf =
  (method: string, options = {}) =>
  async (client: HttpClient) =>
    (await client.request(method, "/here", options)).text();

describe.each([301, 302, 303, 307, 308])("%i", (status) => {
  test("a GET follows, with the headers of the connection on its own server", async () => {
    await using server = await redirecting(status, "/there?x=1");
    expect((await run(server, textOf("GET"))).output).toBe("there");
    expect(server.requests[1]?.headers).toMatchObject({ "x-api-key": "s3cret" });
    expect(server.requests[1]?.url.search).toBe("?x=1");
  });

  test("a GET to another server leaves them behind", async () => {
    await using other = await loopback((_, response) => response.end("there"));
    await using server = await redirecting(status, `${other.url}/there`);
    expect((await run(server, textOf("GET", { headers: { "x-mine": "s3cret" } }))).output).toBe(
      "there",
    );
    expect(JSON.stringify(other.requests[0]?.headers)).not.toContain("s3cret");
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });

  test("a POST is sent to no other server", async () => {
    await using other = await loopback((_, response) => response.end("there"));
    await using server = await redirecting(status, `${other.url}/there`);
    await expect(run(server, textOf("POST", { json: 1 }))).rejects.toMatchObject({
      name: "HttpError",
      message: expect.stringMatching(
        `^POST /here answered ${status}, a redirect to http.*/there: `,
      ),
    });
    expect(other.requests).toEqual([]);
  });

  test("a POST keeps its method and body, becomes a GET by 303 only, or is refused", async () => {
    await using server = await redirecting(status, "/there");
    const posted = run(server, textOf("POST", { json: { a: 1 } }));
    if (status < 303)
      await expect(posted).rejects.toThrow("does not say whether to repeat the POST");
    else expect((await posted).output).toBe("there");
    expect(server.requests.slice(1).map(({ method, body }) => [method, body])).toEqual(
      status < 303 ? [] : [status === 303 ? ["GET", ""] : ["POST", '{"a":1}']],
    );
  });
});

test.each([
  ["in a circle", "/here", /was redirected more than 10 times/],
  ["to a file", "file:///etc/passwd", /it is no http\(s\) address/],
  ["to nowhere", "", /answered 302 Found/],
])("a redirect %s is an error", async (_, to, message) => {
  await using server = await redirecting(302, to);
  await expect(run(server, textOf("GET"))).rejects.toThrow(message);
});
