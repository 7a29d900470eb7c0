/** The login as a GitHub App. */
import { generateKeyPairSync } from "node:crypto";
import { githubHook } from "dagsmith/plugins/github";
import { runTask } from "dagsmith/testing";
import { expect, test } from "vitest";
import { type Loopback, loopback, sendJson } from "../../support/loopback.ts";

/** A key as GitHub gives it (pkcs1), or as other tools write it. */
const keyOf = (type: "pkcs1" | "pkcs8"): string =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type, format: "pem" },
  }).privateKey;

/** Asks twice for a repository; the output has its stars, or the error and its advice. */
const starsTwice = (host: string, extra: Readonly<Record<string, string | number>>) =>
  runTask(
    async ({ hook }) => {
      const { rest } = await hook(githubHook("github"));
      const repo = { owner: "acme", repo: "one" };
      const stars = async () => (await rest.repos.get(repo)).data.stargazers_count;
      return stars()
        .then(stars)
        .catch(({ message, retryable }: { message: string; retryable: boolean }) => ({
          message,
          retryable,
        }));
    },
    { connections: { github: { type: "github", host, extra } } },
  );

/** A GitHub that answers the request for a token with `status`. */
function serveApp(status: number): Promise<Loopback> {
  const token = {
    token: "installed",
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    permissions: {},
  };
  return loopback(({ url }, response) => {
    if (!url.pathname.endsWith("/access_tokens"))
      sendJson(response, 200, { stargazers_count: 728 });
    else sendJson(response, status, status === 201 ? token : { message: "no" });
  });
}

test.each([
  ["pkcs1", keyOf("pkcs1")],
  ["pkcs8", keyOf("pkcs8")],
  ["pkcs8 on one line", keyOf("pkcs8").replaceAll("\n", "\\n")],
])("logs in with a key in %s, and asks once for a token", async (_, private_key) => {
  await using github = await serveApp(201);
  const { output } = await starsTwice(github.url, { app_id: 7, installation_id: 12, private_key });
  expect(output).toBe(728);
  expect(github.requests.map(({ url }) => url.pathname)).toEqual([
    "/app/installations/12/access_tokens",
    "/repos/acme/one",
    "/repos/acme/one",
  ]);
  expect(github.requests[0]?.headers.authorization).toMatch(/^bearer ey/);
  expect(github.requests[1]?.headers.authorization).toBe("token installed");
});

test.each([401, 404])(
  "an App whose token is refused with %i names the fields to check, once and for good",
  async (status) => {
    await using github = await serveApp(status);
    const private_key = keyOf("pkcs1");
    const { output } = await starsTwice(github.url, {
      ...{ app_id: 7, installation_id: 12, private_key },
    });
    expect(output).toEqual({
      message: `GitHub: POST /app/installations/12/access_tokens answered ${status}: no; check app_id, installation_id and private_key of the connection`,
      retryable: false,
    });
  },
);

test.each([
  ["cut", keyOf("pkcs1").slice(0, 400)],
  ["of one line", "-----BEGIN RSA PRIVATE KEY-----"],
  [
    "for another algorithm",
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  ],
])("refuses a key that is %s, without repeating it", async (_, private_key) => {
  const error = await starsTwice("h", { app_id: 7, installation_id: 12, private_key }).catch(
    ({ message }: Error) => message,
  );
  expect(error).toMatch(/the private key of the GitHub App is not a whole RSA key; write the text/);
  expect(error).not.toContain(private_key.slice(40, 60) || "BEGIN");
});

test.each([
  { app_id: "7" },
  { app_id: "7", installation_id: "12" },
  { app_id: "7", installation_id: "acme", private_key: "-----BEGIN RSA PRIVATE KEY-----" },
  { app_id: "7", installation_id: "12", key_path: "/key.pem" },
])("refuses a GitHub App without all of its fields: %o", async (extra) => {
  await expect(starsTwice("h", extra)).rejects.toThrow(
    "a GitHub App needs extra.app_id, extra.installation_id (a number) and its private key",
  );
});
