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
import { copyAccess } from "../../../plugins/aws/redshift_copy.ts";
import { parseConnection } from "../../../sdk/connection.ts";
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

const ROLE = "arn:aws:iam::123456789012:role/lake";
const stsAnswer = (name: string, inside: string): string =>
  `<${name} xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${inside}</${name}>`;
const ASSUMED = stsAnswer(
  "AssumeRoleResponse",
  `<AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>r0le</SecretAccessKey>
   <SessionToken>t0ken</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>`,
);
const REFUSED = stsAnswer(
  "ErrorResponse",
  "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no trust in AKIA</Message></Error>",
);

test("a login assumes the role of the connection once, and S3 sees the role", async () => {
  await using aws = await loopback(
    ({ method }, response) => void response.end(method === "POST" ? ASSUMED : ""),
  );
  const extra = { endpoint_url: aws.url, assume_role_arn: ROLE, external_id: "of-lake" };
  await runTask(
    async ({ hook }) => {
      const s3 = await hook(s3Hook("s3"));
      for (const key of ["a", "b"]) await s3.exists("lake", key);
    },
    { connections: { s3: { type: "aws", login: "AKIA", password: "s3cret", extra } } },
  );
  const [asked, ...heads] = aws.requests;
  expect(Object.fromEntries(new URLSearchParams(asked?.body))).toMatchObject({
    ...{ Action: "AssumeRole", RoleArn: ROLE, ExternalId: "of-lake", RoleSessionName: "dagsmith" },
  });
  expect(asked?.headers.authorization).toContain("Credential=AKIA/");
  expect(heads.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  for (const { headers } of heads) {
    expect(headers.authorization).toContain("Credential=ASIAROLE/");
    expect(headers["x-amz-security-token"]).toBe("t0ken");
  }
});

test("STS may have another endpoint than S3", async () => {
  await using sts = await loopback((_, response) => void response.end(ASSUMED));
  await using s3 = await loopback((_, response) => void response.end());
  const extra = { endpoint_url: s3.url, assume_role_arn: ROLE, sts_endpoint_url: sts.url };
  expect(await exists(extra)).toBe(true);
  expect([sts, s3].map(({ requests }) => requests.map(({ method }) => method))).toEqual([
    ["POST"],
    ["HEAD"],
  ]);
});

test("a role that the login may not assume fails for good, with the reason", async () => {
  await using aws = await loopback((_, response) => void response.writeHead(403).end(REFUSED));
  await expect(exists({ endpoint_url: aws.url, assume_role_arn: ROLE })).rejects.toMatchObject({
    name: "FailTask",
    message: expect.stringMatching(
      /^AWS STS AssumeRole arn:aws:iam::\S+: AccessDenied: no trust in AKIA/,
    ),
  });
});

test.each([
  [{ assume_role_arn: "lake" }, "assume_role_arn is not the ARN of a role"],
  [{ external_id: "of-lake" }, "external_id belongs to assume_role_arn, which is missing"],
  [{ sts_endpoint_url: "http://sts" }, "sts_endpoint_url belongs to assume_role_arn, which is"],
])("%j is refused", async (extra, message) => {
  await expect(exists(extra as Readonly<Record<string, string>>)).rejects.toThrow(message);
});

test("COPY of Redshift gets no key of a login that assumes a role", () => {
  const warehouse = parseConnection("warehouse", "redshift://etl@my-cluster/prod");
  const s3 = (query: string) => parseConnection("lake", `aws://AKIA:s3cret@?${query}`);
  expect(copyAccess(warehouse, s3("")).clause).toContain("access_key_id 'AKIA'");
  expect(() => copyAccess(warehouse, s3(`assume_role_arn=${ROLE}`))).toThrow(
    'COPY needs extra.role_arn (an ARN, or "default"): connection "lake" assumes a role',
  );
  const both = s3(`assume_role_arn=${ROLE}&role_arn=default`);
  expect(copyAccess(warehouse, both).clause).toBe("iam_role default");
});
