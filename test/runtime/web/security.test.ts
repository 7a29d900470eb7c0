import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSecret } from "../../../runtime/access/token.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { startWeb } from "../../../runtime/web/index.ts";
import { dagSpec } from "../../support/rows.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const TOKEN = "a-long-token-for-tests";
let guarded: TestWeb;
let open: TestWeb;
let run: number;
beforeAll(async () => {
  guarded = await testWeb({ token: TOKEN, withoutLink: true });
  open = await testWeb();
  run = await open.rows.run("d", await open.rows.dag(dagSpec("d")));
});
afterAll(async () => {
  await guarded.close();
  await open.close();
});

/** Sends the path exactly as written, which fetch would tidy up. */
function raw(
  base: string,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => (body += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const ROUTES = [
  ...[
    "/",
    "/dags/d",
    "/dags/d/graph",
    "/dags/d/runs",
    "/dags/d/trigger",
    "/runs/1",
    "/runs/1/tasks/only",
    "/runs/1/tasks/only/0",
    "/t/1",
  ],
  ...[
    "/events?topic=home",
    "/logs/1/1/stream",
    "/logs/1/1/download",
    "/assets/page.js",
    "/api/v1/openapi.json",
    "/api/v1/dags",
  ],
  ...[
    "/api/v1/dags/d",
    "/api/v1/dags/d/runs",
    "/api/v1/runs/1",
    "/api/v1/runs/1/tasks",
    "/api/v1/runs/1/tasks/only",
    "/api/v1/logs/1/1",
  ],
  ...["/api/v1/import-errors", "/api/v1/health", "/nothing"],
];

const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.toUpperCase(),
  (path) => `/.${path}`,
  (path) => `/healthz/..${path}`,
  (path) => `/healthz/%2e%2e${path}`,
  (path) => `${path}/healthz`,
  (path) => `${path}/../healthz`,
  (path) => `${path};/healthz`,
  (path) => `${path}%2fhealthz`,
  (path) => `${path}?x=/healthz`,
  (path) => `${path}?/login`,
  (path) => path.replace("/", "/%2f"),
  (path) => `${path}%00`,
  (path) => `${path}.`,
  (path) => `${path}%20`,
  (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => `/assets/..${path}`,
  (path) => `/login/..${path}`,
  (path) => `/assets/page.css/..${path}`,
];

describe("with a token", () => {
  test.each(ROUTES)("%s is refused without it, however it is spelt", async (path) => {
    for (const spell of SPELLINGS) {
      const answer = await raw(guarded.url, spell(path));
      expect([spell(path), answer.status]).toEqual([spell(path), 401]);
    }
  });

  test("every method is refused, and only probes, login, welcome and style are public", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
      expect([401, 403]).toContain((await raw(guarded.url, "/api/v1/dags", {}, method)).status);
    for (const path of ["/healthz", "/login", "/assets/page.css", "/assets/icon.svg"])
      expect((await raw(guarded.url, path)).status).toBe(200);
    expect((await raw(guarded.url, "/readyz")).status).toBe(503);
  });

  test("a bearer token opens it, and a browser is sent to the login", async () => {
    expect(
      (await fetch(`${guarded.url}/api/v1/dags`, { headers: { Authorization: `Bearer ${TOKEN}` } }))
        .status,
    ).toBe(200);
    const page = await fetch(`${guarded.url}/dags/x?runs=5`, {
      headers: { Accept: "text/html" },
      redirect: "manual",
    });
    expect([page.status, page.headers.get("location")]).toEqual([
      303,
      "/login?next=%2Fdags%2Fx%3Fruns%3D5",
    ]);
  });
});

describe("on this machine, by a link", () => {
  test("it does not listen where others reach it", async () => {
    const db = openDatabase("postgres://nowhere.invalid/none");
    const link = { secret: newSecret(), user: "tester" };
    await expect(
      startWeb({ db, link, host: "0.0.0.0", port: 0, log: () => undefined }),
    ).rejects.toMatchObject({ code: "WEB_EXPOSED" });
    await db.close();
  });

  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "169.254.1.1"])(
    "a Host of %s is refused",
    async (host) => {
      expect((await raw(open.url, "/", { Host: host, Cookie: open.cookie })).status).toBe(421);
    },
  );

  test("GET changes nothing, and no form is taken from another site or without its token", async () => {
    const post = (
      headers: Record<string, string>,
      body: Record<string, string> = {},
    ): Promise<Response> =>
      fetch(`${open.url}/dags/d/pause`, {
        method: "POST",
        redirect: "manual",
        headers,
        body: new URLSearchParams(body),
      });
    const page = await (await fetch(`${open.url}/dags/d`)).text();
    const form = /name="_form" value="([^"]+)"/.exec(page)?.[1] ?? "";
    expect((await fetch(`${open.url}/dags/d/pause`)).status).toBe(404);
    expect((await post({})).status).toBe(403);
    expect((await post({ Origin: "http://evil.example" }, { _form: form })).status).toBe(403);
    expect((await post({ Origin: "null" }, { _form: form })).status).toBe(403);
    expect((await post({ "Sec-Fetch-Site": "cross-site" }, { _form: form })).status).toBe(403);
    expect((await post({ "Sec-Fetch-Site": "same-site" }, { _form: form })).status).toBe(403);
    expect(open.asked).toEqual([]);
    expect((await post({ Origin: open.url }, { _form: form })).status).toBe(303);
    expect(open.asked).toMatchObject([{ verb: "pauseDag", request: { dagId: "d" } }]);
  });

  test("the API takes no form of another site", async () => {
    const send = (headers: Record<string, string>, body: string): Promise<Response> =>
      fetch(`${open.url}/api/v1/dags/d/runs`, { method: "POST", headers, body });
    expect((await send({ "Content-Type": "text/plain" }, "{}")).status).toBe(415);
    expect(
      (await send({ "Content-Type": "application/json", Origin: "http://evil.example" }, "{}"))
        .status,
    ).toBe(403);
  });

  test("pages forbid foreign scripts, frames and sniffing, and say nothing of what serves them", async () => {
    const { headers } = await fetch(open.url);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src 'none';script-src 'nonce-[\w+/=]{20,}';/);
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-powered-by")).toBeNull();
    const nonce = (text: string | null): string | undefined =>
      /nonce-([^']+)'/.exec(text ?? "")?.[1];
    expect(nonce((await fetch(open.url)).headers.get("content-security-policy"))).not.toBe(
      nonce(policy),
    );
  });
});

const CORPUS = [
  ...[
    "'; drop table dagsmith.dag; --",
    "$1",
    "%",
    "_",
    "\\",
    '"',
    "'",
    "`",
    ["$", "{x}"].join(""),
    "{{x}}",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
  ],
  ...[
    "__proto__",
    "constructor",
    "..",
    "../../etc/passwd",
    "\u0000",
    "%00",
    "%",
    "%zz",
    "%e0%a4%a",
    "\ud800",
    "😀",
    "\u202e",
    "a".repeat(5_000),
  ],
  ...[
    "0",
    "-1",
    "1e9",
    "1.5",
    "99999999999999",
    "2147483648",
    "9007199254740993",
    "NaN",
    "Infinity",
    "0x10",
    " 1",
    "1;2",
    "[]",
    "true",
  ],
];

describe("whatever stands in an address", () => {
  const places: readonly ((text: string) => string)[] = [
    (text) => `/dags/${text}`,
    (text) => `/dags/${text}/runs`,
    (text) => `/dags/${text}/graph`,
    (text) => `/dags/d/runs?before=${text}`,
    (text) => `/dags/d/runs?state=${text}`,
    (text) => `/dags/d?runs=${text}`,
    (text) => `/runs/${text}`,
    (text) => `/runs/${run}/tasks/${text}`,
    (text) => `/runs/${run}/tasks/only/${text}`,
    (text) => `/runs/${run}/tasks/only?after=${text}`,
    (text) => `/runs/${run}/tasks/only?try=${text}`,
    (text) => `/t/${text}`,
    (text) => `/?q=${text}`,
    (text) => `/?tag=${text}`,
    (text) => `/?after=${text}`,
    (text) => `/?q=a&q=${text}`,
    (text) => `/events?topic=${text}`,
    (text) => `/events?topic=dag:${text}x!`,
    (text) => `/logs/${text}/1/download`,
    (text) => `/logs/1/${text}/stream`,
    (text) => `/assets/islands/${text}`,
    (text) => `/api/v1/dags/${text}`,
    (text) => `/api/v1/runs/${text}/tasks`,
    (text) => `/api/v1/logs/1/1?after=${text}`,
    (text) => `/api/v1/dags?limit=${text}`,
  ];

  test.each(CORPUS.map((text) => [text.slice(0, 30), text] as const))(
    "%j is found, not found or refused, and never breaks the server",
    async (_name, text) => {
      for (const place of places) {
        for (const path of new Set([
          place(encodeURIComponent(text.toWellFormed())),
          place(text.replace(/[^\x21-\x7e]/g, "")),
        ])) {
          const { status, body } = await raw(open.url, path, { Cookie: open.cookie });
          expect([path, [200, 302, 400, 404, 431].includes(status)]).toEqual([path, true]);
          expect(body).not.toContain("<script>alert");
          expect(body).not.toMatch(/at \w+ \(|node_modules/);
        }
      }
    },
  );

  test("a body that is too large, not JSON, deep or full of fields is refused", async () => {
    const send = async (body: string, type = "application/json"): Promise<number> =>
      (
        await fetch(`${open.url}/api/v1/dags/d/runs`, {
          method: "POST",
          headers: { "Content-Type": type },
          body,
        })
      ).status;
    expect(await send(`{"params":{"x":"${"y".repeat(1_100_000)}"}}`)).toBe(413);
    expect(await send("{")).toBe(400);
    expect(await send("[1]")).toBe(400);
    expect(await send('{"params":"x"}')).toBe(400);
    expect(await send('{"logicalDate":7}')).toBe(400);
    expect(await send("a=1&".repeat(10_000), "application/x-www-form-urlencoded")).toBe(415);
    const form = await fetch(`${open.url}/dags/d/trigger`, {
      method: "POST",
      body: new URLSearchParams("a=1&".repeat(10_000)),
    });
    expect(form.status).toBe(413);
    expect((await fetch(open.url)).status).toBe(200);
  });

  test("a client that sends garbage or huge headers is turned away, and the next one is served", async () => {
    const { hostname, port } = new URL(open.url);
    for (const bytes of [
      "\u0000\u0001 GET\r\n\r\n",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(40_000)}\r\n\r\n`,
    ]) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.write(bytes));
        let text = "";
        socket.on("data", (chunk) => (text += chunk));
        socket.on("close", () => resolve(text));
        socket.on("error", reject);
      });
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d/);
    }
    expect((await fetch(open.url)).status).toBe(200);
  });
});
