/**
 * The login and its proofs of attack: what is public, guesses, cookies, proxies, links.
 */
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { hashOfSecret, newSecret } from "../../../runtime/access/token.ts";
import * as actions from "../../../runtime/actions/index.ts";
import { startWeb, type WebOptions } from "../../../runtime/web/index.ts";
import { MOST_STREAMS } from "../../../runtime/web/live/event_stream.ts";
import { until } from "../../support/until.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const PASSWORD = "correct horse battery";

let web: TestWeb;
beforeAll(async () => {
  web = await testWeb({ withoutLink: true });
  await addAda(web);
});
afterAll(() => web.close());

async function addAda({ db }: TestWeb): Promise<void> {
  const ada = { name: "ada", grants: [{ role: "admin", tag: null } as const], actor: "test" };
  await actions.addUser(db, ada);
  const secret = await actions.makeLoginLink(db, { name: "ada", actor: "test" });
  await actions.acceptLink(db, { secret, name: "", password: PASSWORD, address: "test" });
}

/** Another process of the same deployment. */
async function another(options: Partial<WebOptions> = {}): Promise<string> {
  const log = () => undefined;
  const server = await startWeb({ db: web.db, port: 0, log, actions, ...options });
  onTestFinished(() => server.stop());
  return server.url;
}

function logIn(
  url: string,
  { name = "ada", password = PASSWORD, next = "/", headers = {} as Record<string, string> } = {},
): Promise<Response> {
  const body = new URLSearchParams({ name, password, next });
  return fetch(`${url}/login`, { method: "POST", redirect: "manual", body, headers });
}

async function cookieOf(url: string): Promise<string> {
  return (await logIn(url)).headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function statusWith(url: string, cookie: string): Promise<number> {
  return (await fetch(url, { headers: { Cookie: cookie } })).status;
}

describe("what anyone can see", () => {
  test("the login page is the same for every deployment, whatever its secrets are", async () => {
    const page = async (url: string): Promise<string> =>
      (await (await fetch(`${url}/login`)).text()).replaceAll(/nonce="[^"]*"/g, "");
    const one = await page(await another({ token: "one-token-of-22-letters" }));
    expect(one).toBe(await page(await another({ token: "another-token-of-letters" })));
    expect(one).not.toContain("_form");
  });

  test.each(["a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "only-21-characters-xx"])(
    "the token %s is refused, also on this machine",
    async (token) => {
      await expect(another({ token })).rejects.toMatchObject({ code: "WEAK_WEB_TOKEN" });
    },
  );

  test("the database has hashes only, and a session has an end", async () => {
    const cookie = await cookieOf(web.url);
    const secret = cookie.split("=")[1] ?? "";
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    const rows = await web.rows.sql(
      `select s.secret_hash as hash, ends_at - created_at <= interval '30 days' as bounded
       from dagsmith.web_session s order by id desc limit 1`,
    );
    expect(rows).toEqual([{ hash: hashOfSecret(secret), bounded: true }]);
    await expect(
      web.rows.sql("update dagsmith.web_session set ends_at = created_at + interval '1 year'"),
    ).rejects.toThrow(/check/);
  });
});

describe("guesses", () => {
  test("150 that arrive in one write get ten answers, and the right password none", async () => {
    const url = await another();
    const { port } = new URL(url);
    const body = (password: string): string => `name=ada&password=${password}`;
    const post = (text: string): string =>
      `POST /login HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    const socket = connect(Number(port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    let text = "";
    const statuses = (): string[] => text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
    const all = new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        text += chunk;
        if (statuses().length === 150) resolve();
      });
    });
    socket.write(Array.from({ length: 150 }, (_, n) => post(body(`guess${n}`))).join(""));
    await all;
    const answers = Object.groupBy(statuses(), (status) => status.slice(-3));
    const counts = Object.entries(answers).map(([status, all]) => [status, all?.length]);
    expect(Object.fromEntries(counts)).toEqual({ 401: 10, 429: 140 });
    // A page for each of them would keep the server from everything else.
    expect(text.match(/<html/g)).toHaveLength(10);
    expect(text.match(/Too many wrong guesses/g)).toHaveLength(140);
    expect((await logIn(url)).status).toBe(429);
  });

  test("are counted alike for IPv4, and for IPv4 on a listener of both", async () => {
    const url = new URL(await another({ host: "::" }));
    const at = `http://127.0.0.1:${url.port}`;
    for (let n = 0; n < 10; n++)
      expect((await logIn(at, { password: `guess ${n}` })).status).toBe(401);
    expect((await logIn(at, { password: "guess" })).status).toBe(429);
    const six = `http://[::1]:${url.port}`;
    for (let n = 0; n < 10; n++)
      expect((await logIn(six, { password: `guess ${n}` })).status).toBe(401);
    expect((await logIn(six, { password: "guess" })).status).toBe(429);
  });

  test("of one name lock out neither other names, nor sessions, nor right tokens", async () => {
    const token = "a-token-of-the-deployment";
    const url = await another({ token });
    const cookie = await cookieOf(url);
    for (let n = 0; n < 11; n++) await logIn(url, { name: "grace", password: "guess" });
    expect((await logIn(url, { name: "grace" })).status).toBe(429);
    expect((await logIn(url)).status).toBe(303);
    const bearer = async (text: string): Promise<number> =>
      (await fetch(`${url}/api/v1/health`, { headers: { Authorization: `Bearer ${text}` } }))
        .status;
    const wrong = [];
    for (let n = 0; n < 110; n++) wrong.push(await bearer(`guess ${n}`));
    expect(wrong.at(0)).toBe(401);
    expect(wrong.at(-1)).toBe(429);
    expect(await bearer(token)).toBe(200);
    expect(await statusWith(url, cookie)).toBe(200);
  });

  test("behind a trusted proxy are counted by client, and a client cannot say who it is", async () => {
    const behind = await another({ trustedProxies: ["127.0.0.1"] });
    const from = (client: string) => ({ "X-Forwarded-For": client });
    const guess = async (url: string, client: string): Promise<number> =>
      (await logIn(url, { password: "guess", headers: from(client) })).status;
    for (let n = 0; n < 11; n++) await guess(behind, "192.0.2.1");
    expect(await guess(behind, "192.0.2.1")).toBe(429);
    expect((await logIn(behind, { headers: from("192.0.2.2") })).status).toBe(303);
    const direct = await another();
    for (let n = 0; n < 11; n++) await guess(direct, `192.0.2.${n}`);
    expect(await guess(direct, "192.0.2.99")).toBe(429);
  });
});

describe("a session", () => {
  test("has a cookie that scripts cannot read, and no address of another site after it", async () => {
    const answer = await logIn(web.url, { next: "//evil.example/x" });
    expect(answer.headers.get("location")).toBe("/");
    expect(answer.headers.get("set-cookie")).toMatch(
      /^dagsmith_\d+=[\w-]{43}; Max-Age=604800; Path=\/; .*HttpOnly; SameSite=Lax$/,
    );
  });

  test("under TLS has a cookie that no other site of the host can set", async () => {
    const behind = await another({ baseUrl: "https://dags.example.org" });
    const cookie = (await logIn(behind)).headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-dagsmith_\d+=.* HttpOnly; Secure; SameSite=Lax$/);
    const proxied = await another({ trustedProxies: ["loopback"] });
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "dags.example.org" };
    const origin = { ...headers, Origin: "https://dags.example.org" };
    const login = await logIn(proxied, { headers: origin });
    expect([login.status, login.headers.get("set-cookie")]).toEqual([
      303,
      expect.stringMatching(/^__Host-dagsmith=/),
    ]);
    const untrusted = await logIn(web.url, { headers });
    expect(untrusted.headers.get("set-cookie")).not.toContain("Secure");
  });

  test("is found behind other cookies of its name, and only in its exact form", async () => {
    const cookie = await cookieOf(web.url);
    const [name, secret] = cookie.split("=");
    expect(await statusWith(web.url, `${name}=${newSecret()}; ${name}=x; ${cookie}`)).toBe(200);
    for (const wrong of ["", "x", `${secret}.x`, `${secret}=`, `"${secret}"`, `${secret} x`])
      expect([wrong, await statusWith(web.url, `${name}=${wrong}`)]).toEqual([wrong, 401]);
  });

  test("that was logged out is ended in every process, in any spelling", async () => {
    const other = await another();
    const cookie = await cookieOf(web.url);
    const port = new URL(other).port;
    const there = cookie.replace(/_\d+=/, `_${port}=`);
    expect(await statusWith(other, there)).toBe(200);
    const home = await (await fetch(web.url, { headers: { Cookie: cookie } })).text();
    const form = /name="_form" value="([^"]+)"/.exec(home)?.[1] ?? "";
    const logOut = (token: string): Promise<Response> =>
      fetch(`${web.url}/logout`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ _form: token }),
        headers: { Cookie: cookie, Origin: web.url },
      });
    expect((await logOut("wrong")).status).toBe(403);
    expect((await logOut(form)).status).toBe(303);
    expect(await statusWith(web.url, cookie)).toBe(401);
    expect(await statusWith(web.url, `${cookie}.x`)).toBe(401);
    expect(await statusWith(other, there)).toBe(401);
  });

  test("ends after a day without use, and after a week", async () => {
    for (const change of ["used_at = now() - interval '25 hours'", "ends_at = now()"]) {
      const cookie = await cookieOf(web.url);
      expect(await statusWith(web.url, cookie)).toBe(200);
      await web.rows.sql(
        `update dagsmith.web_session set ${change}
         where id = (select max(id) from dagsmith.web_session)`,
      );
      expect(await statusWith(web.url, cookie)).toBe(401);
    }
  });

  test("of a removed user, and of one whose password was set by a link, is ended", async () => {
    await actions.addUser(web.db, { name: "bob", grants: [], actor: "test" });
    const accept = async (): Promise<void> => {
      const secret = await actions.makeLoginLink(web.db, { name: "bob", actor: "test" });
      await actions.acceptLink(web.db, { secret, name: "", password: PASSWORD, address: "test" });
    };
    await accept();
    const cookie = async (): Promise<string> =>
      (await logIn(web.url, { name: "bob" })).headers.get("set-cookie")?.split(";")[0] ?? "";
    const before = await cookie();
    // Without a role every page is refused, but the session is known.
    expect(await statusWith(web.url, before)).toBe(403);
    await accept();
    expect(await statusWith(web.url, before)).toBe(401);
    const after = await cookie();
    await actions.removeUser(web.db, { name: "bob", actor: "test" });
    expect(await statusWith(web.url, after)).toBe(401);
  });
});

describe("a link", () => {
  const visit = (url: string, fields: Record<string, string>): Promise<Response> =>
    fetch(`${url}/welcome`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams(fields),
    });

  test("makes the first admin once, and looking at it does not use it up", async () => {
    const fresh = await testWeb({ withoutLink: true });
    onTestFinished(() => fresh.close());
    const link = () => actions.makeLoginLink(fresh.db, { name: null, actor: "test" });
    const [code, second] = [await link(), await link()];
    const fields = { code, name: "root", password: PASSWORD, again: PASSWORD };
    for (let n = 0; n < 2; n++)
      expect((await fetch(`${fresh.url}/welcome?code=${code}`)).status).toBe(200);
    expect((await visit(fresh.url, { ...fields, again: "another" })).status).toBe(422);
    expect((await visit(fresh.url, { ...fields, password: "short", again: "short" })).status).toBe(
      422,
    );
    expect((await visit(fresh.url, { ...fields, name: "No Name" })).status).toBe(422);
    const answers = await Promise.all([visit(fresh.url, fields), visit(fresh.url, fields)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
    const cookie = answers
      .map(({ headers }) => headers.get("set-cookie"))
      .find((set) => set !== null)
      ?.split(";")[0];
    expect(await statusWith(`${fresh.url}/users`, cookie ?? "")).toBe(200);
    expect((await visit(fresh.url, { ...fields, code: second, name: "eve" })).status).toBe(410);
    expect((await fetch(`${fresh.url}/welcome?code=${newSecret()}`)).status).toBe(410);
  });

  test("of a page on this machine logs in as often as it is opened, and another secret never", async () => {
    const secret = newSecret();
    const url = await another({ link: { secret, user: "tester" } });
    const open = (token: string): Promise<Response> =>
      fetch(`${url}/open?token=${token}`, { redirect: "manual" });
    for (let n = 0; n < 2; n++) {
      const answer = await open(secret);
      expect([answer.status, answer.headers.get("location")]).toEqual([303, "/"]);
      const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      expect(await statusWith(url, cookie)).toBe(200);
    }
    expect((await open(newSecret())).status).toBe(401);
    expect((await open("")).status).toBe(401);
    expect((await fetch(url)).status).toBe(401);
    expect((await logIn(url)).status).toBe(401);
  });
});

test("a user has at most 256 live streams, and one that closes frees its place", async () => {
  const own = await testWeb();
  onTestFinished(() => own.close());
  const { hostname, port } = new URL(own.url);
  const ask = (): Promise<{ status: number; close: () => void }> =>
    new Promise((resolve, reject) => {
      const path = "/events?topic=home";
      const headers = { Cookie: own.cookie };
      const asked = request({ hostname, port, path, headers, agent: false }, (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode ?? 0, close: () => asked.destroy() });
      });
      asked.on("error", reject);
      asked.end();
    });
  // A page that is too busy to ask its database says 503, and is asked again.
  const open = () =>
    until("the page is not busy", async () => {
      const stream = await ask();
      return stream.status === 503 ? undefined : stream;
    });
  const streams: Awaited<ReturnType<typeof open>>[] = [];
  while (streams.length < MOST_STREAMS)
    streams.push(...(await Promise.all(Array.from({ length: 16 }, open))));
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await open()).status).toBe(429);
  for (const { close } of streams) close();
  const last = await until("a stream has its place", async () => {
    const stream = await open();
    if (stream.status === 200) return stream;
    stream.close();
    return undefined;
  });
  last.close();
});
