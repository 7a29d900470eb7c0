/** Where secrets come from besides the environment and the database. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../../runtime/config/config.ts";
import { createResolver } from "../../../runtime/secrets/resolver.ts";
import { cached } from "../../../runtime/secrets/sources/cached.ts";
import { environmentSource } from "../../../runtime/secrets/sources/environment.ts";
import { fileSource } from "../../../runtime/secrets/sources/files.ts";
import type { SecretSource } from "../../../runtime/secrets/sources/source.ts";
import { vaultSource } from "../../../runtime/secrets/sources/vault.ts";
import { loopback } from "../../support/loopback.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-secrets-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const nothing = readConfig({}).secrets;

describe("files", () => {
  test("are named like the variables, and lose the line end that an editor adds", async () => {
    await writeFile(join(folder, "DAG_CONN_MY_LAKE"), "postgres://etl:s3cret@db/lake\n");
    await writeFile(join(folder, "DAG_VAR_REGION"), "eu\n\n");
    const files = fileSource(folder);
    expect(await files.connection("my-lake")).toMatchObject({ id: "my-lake", password: "s3cret" });
    expect(await files.variable("region")).toBe("eu\n");
    expect(await files.variable("none")).toBeNull();
    expect(await fileSource(join(folder, "not", "there")).variable("region")).toBeNull();
  });

  test("are never looked up outside their folder", async () => {
    await writeFile(join(folder, "outside"), "secret");
    await mkdir(join(folder, "inner"));
    const files = fileSource(join(folder, "inner"));
    for (const id of ["../outside", "..", "/etc/passwd", "a\0b"])
      expect(await files.variable(id)).toBeNull();
  });

  test("that cannot be read fail the search with the name of the file, and never with its text", async () => {
    const inner = join(folder, "faulty");
    await mkdir(inner);
    await mkdir(join(inner, "DAG_VAR_FOLDER"));
    await writeFile(join(inner, "DAG_VAR_LARGE"), "s3cret-".repeat(200_000));
    const resolver = createResolver({
      environment: nothing,
      sources: [fileSource(inner), environmentSource(readConfig({ DAG_VAR_FOLDER: "x" }).secrets)],
    });
    for (const key of ["folder", "large"]) {
      const error: Error = await resolver.variable(key).then(
        () => new Error("read"),
        (reason) => reason,
      );
      expect(error).toMatchObject({ code: "SECRET_SOURCE_FAILED" });
      expect(error.message).toContain(`DAG_VAR_${key.toUpperCase()}`);
      expect(error.message).not.toContain("s3cret");
    }
  });

  test("are masked in a process that has not asked for them, also those that cannot be parsed", async () => {
    const resolver = createResolver({ environment: nothing, sources: [fileSource(folder)] });
    expect(resolver.mask("it is s3cret")).toBe("it is s3cret");
    await resolver.learnStored();
    expect(resolver.mask("it is s3cret")).toBe("it is ***");
  });
});

describe("a source over the network", () => {
  const counting = (answer: () => Promise<string | null>) => {
    let asked = 0;
    const source: SecretSource = {
      name: "test",
      connection: async () => null,
      variable: () => {
        asked += 1;
        return answer();
      },
    };
    return { source, asked: () => asked };
  };

  test("is asked once a minute for each name, also for a name that it does not have", async () => {
    let now = 0;
    const { source, asked } = counting(async () => null);
    const quick = cached(source, () => now);
    await Promise.all([quick.variable("a"), quick.variable("a"), quick.variable("b")]);
    expect(asked()).toBe(2);
    now = 59_999;
    await quick.variable("a");
    expect(asked()).toBe(2);
    now = 60_001;
    await quick.variable("a");
    expect(asked()).toBe(3);
  });

  test("is asked again after an error", async () => {
    const { source, asked } = counting(() => Promise.reject(new Error("away")));
    const quick = cached(source);
    await expect(quick.variable("a")).rejects.toThrow("away");
    await expect(quick.variable("a")).rejects.toThrow("away");
    expect(asked()).toBe(2);
  });

  test("that fails ends the search: the next source must not answer in its place", async () => {
    const { source } = counting(() => Promise.reject(new Error("away")));
    const next = environmentSource(readConfig({ DAG_VAR_A: "other" }).secrets);
    const resolver = createResolver({ environment: nothing, sources: [source, next] });
    await expect(resolver.variable("a")).rejects.toThrow("away");
  });
});

describe("vault", () => {
  type Answer = Parameters<typeof loopback>[0];

  const vaultThat = async (answer: Answer, env: Readonly<Record<string, string>> = {}) => {
    const server = await loopback(answer);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const { vault } = readConfig({
      ...{ DAG_SECRET_SOURCES: "vault", VAULT_ADDR: `${server.url}/`, VAULT_TOKEN: "hvs.s3cret" },
      ...env,
    }).secretSources;
    if (!vault) throw new Error("vault is not set");
    return vaultSource(vault);
  };
  const status =
    (code: number, body = "", headers: Readonly<Record<string, string>> = {}): Answer =>
    (_request, response) =>
      void response.writeHead(code, headers).end(body);

  test.each([
    ["a token that has ended", status(403, "hvs.s3cret"), /403: the token/],
    ["a sealed server", status(503), /503: it is sealed/],
    ["an engine of another version", status(200, '{"data":{"value":"x"}}'), /no KV engine/],
    ["an answer that is not JSON", status(200, "<html>"), /no KV engine/],
    [
      "a redirect, which would take the token elsewhere",
      status(307, "", { Location: "http://127.0.0.1:1/" }),
      /does not answer/,
    ],
    [
      "a broken connection",
      ((_, response) => void response.destroy()) satisfies Answer,
      /does not answer/,
    ],
    [
      "a variable without its field",
      status(200, '{"data":{"data":{"other":"x"}}}'),
      /no field value/,
    ],
  ])("fails the search for %s, and the error has no token", async (_, answer, reason) => {
    const error: Error = await (await vaultThat(answer)).variable("region").then(
      () => new Error("read"),
      (failed) => failed,
    );
    expect(error).toMatchObject({ code: "SECRET_SOURCE_FAILED" });
    expect(error.message).toMatch(reason);
    expect(error.message).not.toContain("hvs.");
  });

  test("asks for no path outside its prefix", async () => {
    const asked: string[] = [];
    const vault = await vaultThat(({ url }, response) => {
      asked.push(url.pathname);
      response.writeHead(404).end();
    });
    for (const id of ["..", "../../sys/seal", "a/b", "%2e%2e", "a?b"])
      expect(await vault.variable(id)).toBeNull();
    expect(await vault.variable("plain")).toBeNull();
    expect(asked).toEqual(["/v1/secret/data/dagsmith/variables/plain"]);
  });

  test("reads its token from a file that an agent renews", async () => {
    const tokens: unknown[] = [];
    const file = join(folder, "token");
    await writeFile(file, "first\n");
    const vault = await vaultThat(
      ({ headers }, response) => {
        tokens.push(headers["x-vault-token"], headers["x-vault-namespace"]);
        response.writeHead(404).end();
      },
      { VAULT_TOKEN_FILE: file, VAULT_NAMESPACE: "team" },
    );
    await vault.variable("a");
    await writeFile(file, "second\n");
    await vault.variable("a");
    expect(tokens).toEqual(["first", "team", "second", "team"]);
    await rm(file);
    await expect(vault.variable("a")).rejects.toThrow(/token.*cannot be read/);
  });
});

describe("the setting", () => {
  test.each([
    [{ DAG_SECRET_SOURCES: "environment,etcd" }, /"etcd" is no source; allowed: environment/],
    [{ DAG_SECRET_SOURCES: "vault" }, /VAULT_ADDR/],
    [{ DAG_SECRET_SOURCES: "vault", VAULT_ADDR: "http://v", VAULT_TOKEN: "" }, /VAULT_TOKEN_FILE/],
    [{ DAG_SECRETS_PREFIX: "../" }, /names that end with/],
    [{ DAG_SECRETS_PREFIX: "team" }, /names that end with/],
  ])("%j is refused with one clear error", (env, message) => {
    expect(() => readConfig(env)).toThrow(message);
  });

  test("keeps the token of Vault from tasks, and masks it", () => {
    const config = readConfig({ VAULT_TOKEN: "hvs.s3cret", COPY: "hvs.s3cret", OTHER: "x" });
    expect(config.taskEnvironment).toEqual({ OTHER: "x" });
    expect(config.ownSecrets).toContain("hvs.s3cret");
  });
});
