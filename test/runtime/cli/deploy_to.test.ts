/**
 * `dag deploy --to`: a client and a page as real processes, through a relay that can hold
 * a request while one of them is killed.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createTlsServer, request as tlsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { serverUrl } from "../../../runtime/cli/remote/server_api.ts";
// @ts-expect-error it is plain JavaScript, for the oldest Node
import { build, isBuilt } from "../../../runtime/launch/build.mjs";
import { type Certificate, makeCertificate } from "../../support/certificates.ts";
import { newProject, output, type Project } from "../../support/cli.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** The page is TSX, which only the build can run. */
const bin = join(ROOT, "dist/runtime/cli/bin.js");
const TOKEN = "a-token-of-at-least-22-characters";
const dagFile = (task: string): string => `import { dag } from "dagsmith";
const d = dag("sent");
d.task("${task}", () => "${task}");
export default d;
`;

const postgres = migratedDatabase();
let project: Project;
let certificate: Certificate;
const certificateFile = () => join(project.folder, "cert.pem");
const keyFile = () => join(project.folder, "key.pem");
beforeAll(async () => {
  if (!isBuilt(ROOT)) build(ROOT, process.execPath);
  project = await newProject({ "dags/sent.ts": dagFile("first") });
  certificate = await makeCertificate("page");
  await writeFile(certificateFile(), certificate.cert);
  await writeFile(keyFile(), certificate.key);
}, 300_000);
afterAll(() => project.remove());

interface Page {
  readonly process: ChildProcess;
  readonly url: string;
}

type Protocol = "http" | "https";
const PROTOCOLS: readonly Protocol[] = ["http", "https"];

async function startPage(protocol: Protocol = "http"): Promise<Page> {
  const tls = { DAG_TLS_CERTIFICATE: certificateFile(), DAG_TLS_KEY: keyFile() };
  const env = {
    ...{ DATABASE_URL: postgres.db.url, DAG_WEB_TOKEN: TOKEN },
    ...(protocol === "https" && tls),
  };
  const process = project.start(["web", "--port", "0"], { env, bin });
  onTestFinished(() => void process.kill("SIGKILL"));
  const address = new RegExp(`${protocol}://127\\.0\\.0\\.1:\\d+`);
  const said = await output(process, address);
  return { process, url: address.exec(said)?.[0] ?? "" };
}

type Deliver = (incoming: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server in front of the page, which speaks the protocol of the page to the client. */
async function relay(protocol: Protocol, deliver: Deliver): Promise<string> {
  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    deliver(incoming, response).catch(() => response.destroy());
  };
  const isTls = protocol === "https";
  const server = isTls ? createTlsServer(certificate, answer) : createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends a request on, and waits for the whole answer. */
async function pass(incoming: IncomingMessage, url: string) {
  const options = { method: incoming.method, headers: incoming.headers };
  const address = `${url}${incoming.url}`;
  const sent = url.startsWith("https:")
    ? tlsRequest(address, { ...options, ca: certificate.cert })
    : request(address, options);
  incoming.pipe(sent);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const parts = await answer.toArray();
  return { status: answer.statusCode ?? 0, body: Buffer.concat(parts) };
}

const env = (to: string) => ({
  ...{ DAG_DEPLOY_TO: to, DAG_DEPLOY_TOKEN: TOKEN },
  NODE_EXTRA_CA_CERTS: certificateFile(),
});

const current = async (): Promise<string | undefined> => {
  const [row] = await rows<{ task: string }>(
    postgres.db,
    `select v.spec -> 'tasks' -> 0 ->> 'taskId' as task from dagsmith.dag d
     join dagsmith.dag_version v on v.id = d.version_id where d.dag_id = 'sent'`,
  );
  return row?.task;
};

const deployed = async (): Promise<number> =>
  (await rows(postgres.db, "select from dagsmith.deployment")).length;

const wrongAddresses = [
  ...["http://dags.example.org", "dags.example.org", "ftp://127.0.0.1", ""],
  ...["https://ann:secret@dags.example.org", "https://dags.example.org/?page=1"],
];

test.each(wrongAddresses)("a token is not sent to %j", (address) => {
  expect(() => serverUrl(address)).toThrow(/write https:\/\//);
  expect(serverUrl("https://dags.example.org/under/")).toBe("https://dags.example.org/under");
  expect(serverUrl("http://127.0.0.1:8080")).toBe("http://127.0.0.1:8080");
});

test("without a token nothing is sent", async () => {
  expect(await project.json(["deploy", "--to", "https://127.0.0.1:1"])).toMatchObject({
    error: { code: "DEPLOY_TOKEN_NOT_SET" },
  });
});

test("a wrong token is refused, and the same folder twice makes one version", async () => {
  const { url } = await startPage();
  const wrong = { env: { ...env(url), DAG_DEPLOY_TOKEN: "another-token-of-22-characters" } };
  expect(await project.json(["deploy"], wrong)).toMatchObject({
    error: { code: "SERVER_REFUSED" },
  });
  expect(await current()).toBeUndefined();
  const first = await project.json(["deploy", "--external-id", "c1"], { env: env(url) });
  expect(first).toMatchObject({ isRepeated: false, deployed: [{ version: 1, isNew: true }] });
  expect(await project.json(["deploy", "--external-id", "c1"], { env: env(url) })).toMatchObject({
    isRepeated: true,
  });
  expect(await current()).toBe("first");
});

test("a dry run says what would change, here and there, and changes nothing", async () => {
  const { url } = await startPage();
  await project.write("dags/sent.ts", dagFile("second"));
  const there = await project.dag(["deploy", "--dry-run"], { env: env(url) });
  const here = await project.dag(["deploy", "--dry-run"], {
    env: { DATABASE_URL: postgres.db.url },
  });
  expect(there.stdout).toBe(here.stdout);
  expect(there.stdout.split("\n")).toEqual([
    "change  sent",
    "        + task second",
    "        - task first",
    "0 added, 1 changed, 0 removed, 0 unchanged. Nothing was deployed.",
    "",
  ]);
  expect(await current()).toBe("first");
});

test.each(PROTOCOLS)(
  "over %s a client that is killed before any of its requests leaves the old version, and a second one goes on",
  async (protocol) => {
    const { url } = await startPage(protocol);
    const [before, old] = [await deployed(), await current()];
    await project.write("dags/sent.ts", dagFile(`client_killed_${protocol}`));
    let asked = 0;
    for (let killAt = 1, isWhole = false; !isWhole; killAt++) {
      asked = 0;
      let client: ChildProcess | undefined;
      const to = await relay(protocol, async (incoming, response) => {
        asked += 1;
        if (asked === killAt) {
          client?.kill("SIGKILL");
          return;
        }
        const { status, body } = await pass(incoming, url);
        response.writeHead(status).end(body);
      });
      client = project.start(["deploy"], { env: env(to) });
      const [code] = await once(client, "exit");
      isWhole = code === 0;
      expect(await current()).toBe(isWhole ? `client_killed_${protocol}` : old);
    }
    // A whole one takes four: what it has, two chunks, and what it has again. The chunk that
    // a killed client had sent was not asked for again.
    expect(asked).toBe(3);
    expect(await deployed()).toBe(before + 1);
  },
  600_000,
);

test.each(PROTOCOLS)(
  "over %s a page that is killed after any request finds its client again, which deploys once",
  async (protocol) => {
    let page = await startPage(protocol);
    const before = await deployed();
    await project.write("dags/sent.ts", dagFile(`page_killed_${protocol}`));
    let asked = 0;
    const to = await relay(protocol, async (incoming, response) => {
      asked += 1;
      const { status, body } = await pass(incoming, page.url);
      // The page has done its work; its answer gets lost with it.
      if (asked % 2 === 1) {
        page.process.kill("SIGKILL");
        page = await startPage(protocol);
        response.destroy();
        return;
      }
      response.writeHead(status).end(body);
    });
    const { code, stderr } = await project.dag(["deploy"], { env: env(to) });
    expect([code, stderr]).toEqual([0, ""]);
    expect(await current()).toBe(`page_killed_${protocol}`);
    expect(await deployed()).toBe(before + 1);
  },
  600_000,
);
