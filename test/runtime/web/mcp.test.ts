/**
 * Coding agents call the API as tools: a real client of the protocol over real HTTP, with
 * the token of a reader, of an operator, a wrong one and none.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Grant, type Permission, ROLES } from "../../../runtime/access/permissions.ts";
import * as actions from "../../../runtime/actions/index.ts";
import { TOOLS } from "../../../runtime/web/mcp/tools.ts";
import { callTool } from "../../support/mcp.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const by = { actor: "test" };
let web: TestWeb;
let run = 0;
let made = 0;
beforeAll(async () => {
  web = await testWeb({ actions, withoutLink: true });
  run = await web.rows.run("d", await web.rows.dag(dagSpec("d", { tags: ["mine"] })));
  await web.rows.dag(dagSpec("other"));
  for (const role of ROLES)
    await actions.addUser(web.db, { name: role, grants: [{ role, tag: null }], ...by });
});
afterAll(() => web.close());

const newToken = (user: string, scopes: readonly Permission[] | null = null): Promise<string> =>
  actions.createToken(web.db, {
    ...{ user, name: `token-${++made}`, scopes, days: null, ...by },
  });

/** A client with a token, which is undefined for none. */
async function client(token: string | undefined): Promise<Client> {
  const one = new Client({ name: "test", version: "1.0.0" });
  const headers: Record<string, string> =
    token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const url = new URL("/mcp", web.url);
  onTestFinished(() => one.close());
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
  await one.connect(transport as Parameters<typeof one.connect>[0]);
  return one;
}

const as = async (role: Grant["role"]): Promise<Client> => client(await newToken(role));

const names = async (one: Client) => (await one.listTools()).tools.map(({ name }) => name);

test("the page has llms.txt, which names the tools and the API, for callers with a token", async () => {
  const get = (headers = {}) => fetch(`${web.url}/llms.txt`, { headers });
  expect((await get()).status).toBe(401);
  const answer = await get({ Authorization: `Bearer ${await newToken("viewer")}` });
  expect(answer.headers.get("content-type")).toContain("text/plain");
  expect(await answer.text()).toMatch(
    /^# dagsmith[\s\S]*\/api\/v1\/openapi\.json[\s\S]*docs\/cli\.md/,
  );
});

describe("a caller without rights gets no tool", () => {
  test.each([
    ["without a token", undefined, "Programs send: Authorization: Bearer"],
    ["with a wrong token", "dagsmith_0000000000000000000000000000", "This token is wrong"],
  ])("%s", async (_, token, message) => {
    await expect(client(token)).rejects.toThrow(message);
  });

  test("with the cookie of a browser", async () => {
    const { url, cookie, close } = await testWeb();
    onTestFinished(close);
    const headers = { Cookie: cookie, Origin: url, "content-type": "application/json" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const answer = await fetch(`${url}/mcp`, { method: "POST", headers, body });
    const message = expect.stringContaining("Send an API token");
    expect([answer.status, await answer.json()]).toMatchObject([403, { error: { message } }]);
  });

  test("with a token whose scope names another permission", async () => {
    const one = await client(await newToken("admin", ["account.use"]));
    expect(await names(one)).toEqual([]);
    expect(await callTool(one, "list")).toMatchObject({ isError: true });
  });
});

test("a reader sees and calls only tools that change nothing", async () => {
  const one = await as("viewer");
  const { tools } = await one.listTools();
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["list", "why", "logs"]));
  const acting = tools.filter(({ annotations }) => !annotations?.readOnlyHint);
  expect(acting.map(({ name }) => name)).toEqual(["answer"]);
  expect(await callTool(one, "show", { dagId: "d" })).toMatchObject({ document: { dagId: "d" } });
  for (const [name, input] of [
    ["trigger", { dagId: "d" }],
    ["note", { id: run, note: "x" }],
    ["audit", {}],
  ] as const)
    expect(await callTool(one, name, input)).toMatchObject({
      ...{ isError: true, document: { error: { code: "REFUSED" } } },
    });
});

test("a role for a tag reaches the DAGs of that tag only", async () => {
  const grants = [{ role: "operator", tag: "mine" }] as const;
  await actions.addUser(web.db, { name: "grace", grants, ...by });
  const one = await client(await newToken("grace"));
  expect(await callTool(one, "list")).toMatchObject({ document: { dags: [{ dagId: "d" }] } });
  expect(await callTool(one, "pause", { dagId: "d" })).toMatchObject({ isError: false });
  expect(await callTool(one, "pause", { dagId: "other" })).toMatchObject({ isError: true });
});

test("an operator acts, and the audit names the user", async () => {
  const one = await as("operator");
  expect(await callTool(one, "trigger", { dagId: "other" })).toMatchObject({
    document: { id: expect.any(Number) },
  });
  expect(await callTool(one, "note", { id: run, note: "seen by an agent" })).toMatchObject({
    document: { done: true },
  });
  expect(await callTool(one, "note", { id: run, note: "late", noteWas: "" })).toMatchObject({
    document: { error: { code: "CHANGED_MEANWHILE" } },
  });
  const { document } = await callTool(await as("admin"), "audit", { user: "operator" });
  expect(document).toMatchObject({
    entries: [
      { actor: expect.stringMatching(/^operator with token /), action: "note" },
      { actor: expect.stringMatching(/^operator with token /), action: "trigger" },
    ],
  });
});

test.each([
  ["show", {}, "INVALID_ARGUMENT"],
  ["show", { dagId: "wrok" }, "UNKNOWN_DAG"],
  ["runs", { dagId: "d", state: "sleeping" }, "INVALID_ARGUMENT"],
  ["runs", { dagId: "d", sate: "failed" }, "INVALID_ARGUMENT"],
  ["run", { id: "0; drop table" }, "INVALID_ARGUMENT"],
  ["run", { id: null }, "INVALID_ARGUMENT"],
  ["run", { id: [1] }, "INVALID_ARGUMENT"],
  ["runs", { dagId: "d", state: ["failed"] }, "INVALID_ARGUMENT"],
  ["runs", { dagId: "d", state: { is: "failed" } }, "INVALID_ARGUMENT"],
  ["nothing", {}, "INVALID_ARGUMENT"],
])("%s with %o answers %s, and the next call is answered", async (name, input, code) => {
  const one = await as("admin");
  expect(await callTool(one, name, input)).toMatchObject({
    ...{ isError: true, document: { error: { code } } },
  });
  expect(await callTool(one, "runs", { dagId: "d", limit: 1 })).toMatchObject({
    ...{ isError: false, document: { runs: [{ id: run }] } },
  });
});

test("each tool has one field for each parameter of its endpoint", () => {
  for (const { name, endpoint, input } of TOOLS) {
    const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
    expect([name, input.required]).toEqual([name, expect.arrayContaining(inPath)]);
    const shapes = [endpoint.params, endpoint.query].flatMap((part) =>
      part ? Object.keys(part.shape) : [],
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  }
});

test("a field that is null counts as left out", async () => {
  const input = { dagId: "d", state: null, limit: null };
  expect(await callTool(await as("viewer"), "runs", input)).toMatchObject({
    ...{ isError: false, document: { runs: [{ id: run }] } },
  });
});

test("an answer that is too long is an error that names the limit, and no part of JSON", async () => {
  await web.rows.dag(dagSpec("long", { description: "x".repeat(200_000) }));
  expect(await callTool(await as("viewer"), "show", { dagId: "long" })).toMatchObject({
    isError: true,
    document: { error: { code: "INVALID_ARGUMENT", message: expect.stringContaining("limit") } },
  });
});

describe("the address", () => {
  const send = async (method: string, path: string): Promise<Response> => {
    const headers = {
      ...{
        Authorization: `Bearer ${await newToken("viewer")}`,
        "content-type": "application/json",
      },
      Accept: "application/json, text/event-stream",
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    return fetch(`${web.url}${path}`, { method, headers, ...(method === "POST" && { body }) });
  };

  test("answers with tools that no cache may keep", async () => {
    const answer = await send("POST", "/mcp");
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await answer.json()).toMatchObject({ result: { tools: expect.any(Array) } });
  });

  test.each([
    ["GET", "/mcp", 405, "POST"],
    ["POST", "/mcp/", 404, null],
  ])("refuses %s %s with JSON", async (method, path, status, allowed) => {
    const answer = await send(method, path);
    expect([answer.status, answer.headers.get("allow")]).toEqual([status, allowed]);
    expect(await answer.json()).toMatchObject({ error: { code: "REFUSED" } });
  });
});
