/** How the client of S3 reaches its host: own certificates, a proxy, where the bucket stands. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { s3Hook } from "dagsmith/plugins/aws";
import { runTask } from "dagsmith/testing";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../../support/certificates.ts";
import { loopback } from "../../support/loopback.ts";

const exists = async (extra: Readonly<Record<string, string>>): Promise<unknown> =>
  (
    await runTask(async ({ hook }) => (await hook(s3Hook("s3"))).exists("lake", "a"), {
      connections: { s3: { type: "aws", login: "AKIA", password: "s3cret", extra } },
    })
  ).output;

async function tlsStore() {
  const certificate = await makeCertificate("store");
  const server = createServer(certificate, (_, response) => response.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}`, cert: certificate.cert };
}

test("a certificate that no CA knows is refused for good, and trusted by the connection", async () => {
  const { url, cert } = await tlsStore();
  await expect(exists({ endpoint_url: url })).rejects.toMatchObject({ name: "FailTask" });
  expect(await exists({ endpoint_url: url, verify: cert })).toBe(true);
});

test("a CA bundle may be a file, which must be there", async () => {
  const { url, cert } = await tlsStore();
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-ca-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "ca.pem");
  await expect(exists({ endpoint_url: url, verify: path })).rejects.toMatchObject({
    name: "FailTask",
    message: expect.stringContaining("The CA bundle in verify cannot be read: ENOENT"),
  });
  await writeFile(path, cert);
  expect(await exists({ endpoint_url: url, verify: path })).toBe(true);
});

test.each([
  ["path", "s3.invalid", "/lake/a"],
  ["virtual", "lake.s3.invalid", "/a"],
])("requests go through the proxy, with the bucket in the %s", async (style, host, path) => {
  await using proxy = await loopback((_, response) => {
    response.end();
  });
  const extra = { endpoint_url: "http://s3.invalid", proxy_url: proxy.url };
  expect(await exists({ ...extra, addressing_style: style })).toBe(true);
  expect(proxy.requests.map(({ url }) => [url.host, url.pathname])).toEqual([[host, path]]);
});
