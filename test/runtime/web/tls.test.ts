/** The page under TLS: its certificate and the renewal, its cookies, and its warnings. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeLoginLink } from "../../../runtime/actions/index.ts";
import { readConfig } from "../../../runtime/config/config.ts";
import type { ServiceLog } from "../../../runtime/service/log.ts";
import { readTls } from "../../../runtime/web/http/tls.ts";
import { exposureWarning } from "../../../runtime/web/login/exposure.ts";
import { type Certificate, makeCertificate } from "../../support/certificates.ts";
import { dagSpec } from "../../support/rows.ts";
import { until } from "../../support/until.ts";
import { type TestWeb, testWeb } from "../../support/web.ts";

const said: string[] = [];
const LOG: ServiceLog = (_event, { job, reason } = {}) => void said.push(job ?? reason ?? "");

let folder: string;
let first: Certificate;
let second: Certificate;
let web: TestWeb;
let cookie: string;
const files = () => ({ certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") });

async function write({ cert, key }: Certificate): Promise<void> {
  await writeFile(files().key, key);
  await writeFile(files().certificate, cert);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-tls-"));
  [first, second] = await Promise.all([makeCertificate("first"), makeCertificate("second")]);
  await write(first);
  web = await testWeb({ tls: files(), withoutLink: true, log: LOG });
  cookie = await firstAdmin();
});
afterAll(async () => {
  await web.close();
  await rm(folder, { recursive: true });
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks as a client that trusts these certificates alone. */
async function ask(path: string, { body, ...asked }: Asked = {}): Promise<IncomingMessage> {
  const sent = request(web.url + path, {
    ...{ ...asked, agent: false },
    // Whatever the Host header says.
    ...{ ca: [first.cert, second.cert], servername: "localhost" },
  });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

/** @returns the cookie that the browser gets */
async function firstAdmin(): Promise<string> {
  const code = await makeLoginLink(web.db, { name: null, actor: "test" });
  const password = "correct horse battery";
  const answer = await ask("/welcome", {
    method: "POST",
    headers: { origin: web.url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ code, name: "ada", password, again: password }).toString(),
  });
  answer.resume();
  return answer.headers["set-cookie"]?.[0] ?? "";
}

const signedIn = () => ({ cookie: cookie.split(";")[0] ?? "" });

/** The name in the certificate that a new connection gets. */
async function served(): Promise<string> {
  const ca = [first.cert, second.cert];
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(web.url).port), ca });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

test("the page answers by TLS, and its cookie belongs to this host alone", async () => {
  expect(web.url).toMatch(/^https:/);
  expect(cookie).toMatch(/^__Host-dagsmith_\d+=[\w-]{43};/);
  expect(cookie).toMatch(/; Path=\/;.*; HttpOnly; Secure; SameSite=Lax$/);
  expect((await ask("/account", { headers: signedIn() })).resume().statusCode).toBe(200);
  expect((await ask("/account")).resume().statusCode).toBe(401);
});

describe("Strict-Transport-Security", () => {
  const sent = async (host: string): Promise<string | undefined> =>
    (await ask("/healthz", { headers: { host } })).resume().headers["strict-transport-security"];

  test("is sent under TLS, but not for a name of this machine", async () => {
    expect(await sent("dags.example.org")).toBe("max-age=31536000");
    expect(await sent("localhost:8080")).toBeUndefined();
    expect(await sent("127.0.0.1")).toBeUndefined();
  });

  test.each([
    ["a trusted proxy says https", ["loopback"], "max-age=31536000"],
    ["a stranger says https", [], null],
  ])("when %s", async (_title, trustedProxies, expected) => {
    const plain = await testWeb({ withoutLink: true, trustedProxies });
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "dags.example.org" };
    const answer = await fetch(`${plain.url}/healthz`, { headers });
    expect(answer.headers.get("strict-transport-security")).toBe(expected);
    await plain.close();
  });
});

describe("a certificate that is renewed in its files", () => {
  test("that do not fit leaves the page with the one that it has, and says so", async () => {
    await writeFile(files().certificate, second.cert);
    await until("the log says so", async () => said.some((line) => /renew_certificate/.test(line)));
    expect(await served()).toBe("first");
  });

  test("is used for new connections, while an open stream goes on", async () => {
    const stream = await ask("/events?topic=home", { headers: signedIn() });
    const lines = stream.setEncoding("utf8")[Symbol.asyncIterator]();
    expect((await lines.next()).value).toContain("retry:");
    await write(second);
    await until("the renewed certificate", async () => (await served()) === "second");
    await web.rows.dag(dagSpec("fresh"));
    let text = "";
    while (!text.includes("event: changed")) text += (await lines.next()).value;
    stream.destroy();
    expect((await ask("/healthz")).resume().statusCode).toBe(200);
  });
});

describe("what is refused or warned of at the start", () => {
  test.each([
    ["a file that is not there", () => ({ ...files(), key: "/nowhere/key.pem" }), "DAG_TLS_KEY"],
    ["a key of another certificate", () => files(), "DAG_TLS_CERTIFICATE"],
  ])("%s", async (_title, tls, argument) => {
    await writeFile(files().certificate, first.cert);
    await writeFile(files().key, second.key);
    await expect(readTls(tls())).rejects.toThrow(argument);
  });

  test("one of the two settings alone", () => {
    expect(() => readConfig({ DAG_TLS_KEY: "/key.pem" })).toThrow("DAG_TLS_CERTIFICATE");
    expect(() => readConfig({ DAG_TLS_CERTIFICATE: "/cert.pem" })).toThrow("DAG_TLS_KEY");
    const both = { DAG_TLS_CERTIFICATE: "/cert.pem", DAG_TLS_KEY: "/key.pem" };
    expect(readConfig(both).web.tls).toEqual({ certificate: "/cert.pem", key: "/key.pem" });
  });

  test("a page that other machines reach without TLS and without a proxy", async () => {
    const reach = { host: "0.0.0.0", hasTls: false, trustedProxies: [] };
    expect(exposureWarning(reach)).toContain("DAG_TLS_CERTIFICATE");
    expect(exposureWarning({ ...reach, host: "127.0.0.1" })).toBeUndefined();
    expect(exposureWarning({ ...reach, hasTls: true })).toBeUndefined();
    expect(exposureWarning({ ...reach, trustedProxies: ["10.0.0.0/8"] })).toBeUndefined();
    const open = await testWeb({ host: "0.0.0.0", withoutLink: true, log: LOG });
    await open.close();
    expect(said).toContain(exposureWarning(reach));
  });
});
