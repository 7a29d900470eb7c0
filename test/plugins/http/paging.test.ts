/** Lists of many pages, bodies in streams, downloads to files and requests with a key. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { dag } from "dagsmith";
import {
  type HttpClient,
  type HttpPaging,
  httpDownload,
  httpHook,
  httpRequest,
} from "dagsmith/plugins/http";
import { runDag, runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { nextPage } from "../../../plugins/http/paging.ts";
import { type Loopback, loopback, sendCut, sendJson } from "../../support/loopback.ts";

const connections = ({ url }: Pick<Loopback, "url">) => ({ api: { type: "http", host: url } });

const using = <Output>(server: Loopback, work: (client: HttpClient) => Promise<Output>) =>
  runTask<Output>(async ({ hook }) => work(await hook(httpHook("api"))), {
    connections: connections(server),
  });

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("pages", () => {
  test("follow the header Link", async () => {
    await using server = await loopback(({ url }, response) => {
      const page = Number(url.searchParams.get("page") ?? 1);
      const link =
        page < 3 ? { link: `</items?page=${page + 1}&q=a>; rel="next", </>; rel=first` } : {};
      sendJson(response, 200, [page], link);
    });
    const pages = (client: HttpClient) => collected(client.pages("/items", { query: { q: "a" } }));
    expect((await using(server, pages)).output).toEqual([[1], [2], [3]]);
    expect(server.requests.map(({ url }) => url.search)).toEqual([
      "?q=a",
      "?page=2&q=a",
      "?page=3&q=a",
    ]);
  });

  test("follow a cursor, and repeat a page that fails in passing", async () => {
    interface Page {
      readonly next: string | null;
    }
    await using server = await loopback(({ url }, response, count) => {
      const next = url.searchParams.get("after") === null ? "b c" : null;
      sendJson(response, count === 2 ? 503 : 200, { next });
    });
    const paging = { by: "cursor", parameter: "after", cursor: ({ next }: Page) => next } as const;
    const { output } = await using(server, (client) =>
      collected(client.pages<Page>("/items", { paging })),
    );
    expect(output).toEqual([{ next: "b c" }, { next: null }]);
    expect(server.requests.map(({ url }) => url.search)).toEqual(["", "?after=b+c", "?after=b+c"]);
  });

  test("count up to an empty list", async () => {
    await using server = await loopback(({ url }, response) => {
      const page = Number(url.searchParams.get("p"));
      sendJson(response, 200, page < 2 ? [page] : []);
    });
    const paging = { by: "page", parameter: "p", first: 0 } as const;
    const { output } = await using(server, (client) =>
      collected(client.pages("/items", { paging })),
    );
    expect(output).toEqual([[0], [1], []]);
  });

  test("are requested one after the other, and no more than the loop reads", async () => {
    await using server = await loopback((_, response) => sendJson(response, 200, [1]));
    await using(server, async (client) => {
      for await (const _ of client.pages("/", { paging: { by: "page" } })) break;
    });
    expect(server.requests).toHaveLength(1);
  });

  test("that lead to another server are refused", async () => {
    await using server = await loopback((_, response) =>
      sendJson(response, 200, [], { link: '<https://example.com/2>; rel="next"' }),
    );
    await expect(using(server, (client) => collected(client.pages("/")))).rejects.toThrow(
      "https://example.com is not the service of this connection",
    );
  });

  const url = new URL("http://h/items?page=2");
  const next = (headers: HeadersInit, body: unknown, paging: HttpPaging<unknown>) =>
    nextPage(
      new Set([url.href, "http://h/items?page=1"]),
      url,
      new Response(null, { headers }),
      body,
      paging,
    )?.href ?? null;

  test.each([
    ['<http://h/a>; rel="prev", <http://h/b>; rel="next"', "http://h/b"],
    ["<b,c;d>; title=\"x, y; rel=next\"; rel='z', <?page=3>; rel=next", "http://h/items?page=3"],
    ['<c>;rel="first next"', "http://h/c"],
    ['<c>; rel="nextish"', null],
    ['<c>; nothing="rel=next"', null],
    ["", null],
  ])("find the next of Link: %s", (link, found) => {
    expect(next({ link }, [], { by: "link" })).toBe(found);
  });

  test.each([1, 2])("that name page %i again as the next are an error", (page) => {
    const paging = { by: "cursor", cursor: () => page, parameter: "page" } as const;
    expect(() => next({}, [], paging)).toThrow(
      "GET /items answered 200 and names a page that was read before as the next one (h)",
    );
    const link = `<?page=${page}#top>; rel="next"`;
    expect(() => next({ link }, [], { by: "link" })).toThrow("a page that was read before");
  });

  test("whose cursors lead back are an error, instead of a loop", async () => {
    await using server = await loopback(({ url: { searchParams } }, response) =>
      sendJson(response, 200, searchParams.get("cursor") === "a" ? "b" : "a"),
    );
    const paging = { by: "cursor", cursor: (body: string) => body } as const;
    await expect(
      using(server, (client) => collected(client.pages<string>("/items", { paging }))),
    ).rejects.toThrow("a page that was read before as the next one");
    expect(server.requests).toHaveLength(3);
  });

  test("whose Link is no address are an error that says so", () => {
    expect(() => next({ link: '<http://[>; rel="next"' }, [], { by: "link" })).toThrow(
      "GET /items answered 200 and names a next page whose address is none (h)",
    );
  });

  test("by number need to know the last of bodies that are no list", () => {
    expect(() => next({}, { items: [] }, { by: "page" })).toThrow(
      "a page is not a list: give isLast",
    );
    expect(next({}, { items: [] }, { by: "page", isLast: () => true })).toBeNull();
  });
});

describe("a request with an idempotency key", () => {
  test("is repeated with the same key and body, also a POST", async () => {
    await using server = await loopback((_, response, count) =>
      count === 1 ? response.destroy() : sendJson(response, count === 2 ? 503 : 201, { count }),
    );
    const d = dag("order");
    d.task(
      "order",
      httpRequest({
        ...{ http: "api", path: "/orders", method: "POST", json: { n: 1 } },
        idempotencyKey: ({ dagId, taskId }) => `${dagId}/${taskId}`,
      }),
    );
    const { tasks } = await runDag(d, { connections: connections(server) });
    expect(tasks[0]?.output).toEqual({ count: 3 });
    expect(server.requests.map(({ headers, body }) => [headers["idempotency-key"], body])).toEqual(
      Array(3).fill(["order/order", '{"n":1}']),
    );
  });
});

describe("a body in a stream", () => {
  test("is made again for each try", async () => {
    await using server = await loopback((_, response, count) =>
      sendJson(response, count === 1 ? 503 : 200, {}),
    );
    const body = async function* () {
      yield "a,b\n";
      yield Buffer.from("1,2\n");
    };
    await using(server, (client) => client.request("PUT", "/file", { body }).then(() => null));
    expect(server.requests.map((request) => request.body)).toEqual(["a,b\n1,2\n", "a,b\n1,2\n"]);
  });

  test("that fails is the error", async () => {
    await using server = await loopback((_, response) => sendJson(response, 200, {}));
    const body = async function* () {
      yield "a";
      throw new Error("the source is gone");
    };
    await expect(
      using(server, (client) => client.request("PUT", "/file", { body }).then(() => null)),
    ).rejects.toThrow(/^PUT \/file failed: /);
  });
});

describe("httpDownload", () => {
  const download = async (server: Loopback, options = {}) => {
    const d = dag("fetch");
    const file = d.task(
      "fetch",
      httpDownload({ http: "api", path: "/f", file: "f.csv", ...options }),
    );
    d.task("read", { inputs: { file } }, async ({ files, inputs }) =>
      readFile(await files.path(inputs.file), "utf8"),
    );
    return runDag(d, { connections: connections(server) });
  };

  test("stores the answer as a file, unpacked", async () => {
    await using server = await loopback((_, response) => response.end(gzipSync("a,b\n1,2\n")));
    const { tasks } = await download(server, { gunzip: true });
    expect(tasks.map(({ output }) => output)).toEqual([
      expect.objectContaining({ name: "f.csv", size: 8 }),
      "a,b\n1,2\n",
    ]);
  });

  test("stores nothing of an answer that breaks off", async () => {
    await using server = await loopback((_, response) => sendCut(response, "x".repeat(100_000)));
    const { tasks } = await download(server);
    expect(tasks.map(({ state }) => state)).toEqual(["failed", "upstream_failed"]);
  });

  test("fails for good when the file is refused", async () => {
    await using server = await loopback((_, response) => sendJson(response, 403, {}));
    const body = httpDownload({ http: "api", path: "/f", file: "f.csv" });
    await expect(runTask(body, { connections: connections(server) })).rejects.toMatchObject({
      name: "FailTask",
      message: expect.stringContaining("GET /f answered 403"),
    });
  });
});
