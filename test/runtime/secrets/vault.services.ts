/** Vault as a source of secrets, against a real server. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";
import { describeWith } from "../../support/counterpart.ts";
import { findVault, startVault, type Vault } from "../../support/vault.ts";

describeWith("Vault", await findVault(), (program) => {
  let vault: Vault;
  let project: Project;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dagsmith-vault-"));
    vault = await startVault(program);
    const put = (path: string, data: object) =>
      vault.send("POST", `secret/data/dagsmith/${path}`, { data });
    await put("connections/lake", { conn_uri: "postgres://etl:vault-s3cret@db:5432/lake" });
    await put("connections/api", { type: "http", host: "api.example.org", password: "s3cret" });
    await put("variables/region", { value: "eu" });
    await put("variables/broken", { other: "eu" });
    await put("variables/gone", { value: "eu" });
    await vault.send("DELETE", "secret/data/dagsmith/variables/gone");
    const { url: VAULT_ADDR, token: VAULT_TOKEN } = vault;
    project = await newProject({}, { DAG_SECRET_SOURCES: "vault", VAULT_ADDR, VAULT_TOKEN });
  }, 180_000);
  afterAll(async () => {
    await project?.remove();
    await vault?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const variable = (key: string, env = {}) => project.json(["variables", "get", key], { env });

  test("a connection is found by its URI or its fields, and a variable by its value", async () => {
    expect(await project.json(["connections", "get", "lake", "--reveal"])).toMatchObject({
      ...{ type: "postgres", login: "etl", password: "vault-s3cret", schema: "lake" },
    });
    expect(await project.json(["connections", "get", "api", "--reveal"])).toMatchObject({
      ...{ type: "http", host: "api.example.org", password: "s3cret" },
    });
    expect(await variable("region")).toMatchObject({ value: "eu" });
  });

  test("a secret that is not there, and one that was deleted, are not found", async () => {
    for (const key of ["none", "gone"])
      expect(await variable(key)).toMatchObject({ error: { code: "VARIABLE_NOT_FOUND" } });
  });

  test("a secret without a value, a wrong token and a server that is away fail with the source", async () => {
    const failed = { error: { code: "SECRET_SOURCE_FAILED" } };
    expect(await variable("broken")).toMatchObject(failed);
    expect(await variable("region", { VAULT_TOKEN: "wrong" })).toMatchObject(failed);
    expect(await variable("region", { VAULT_ADDR: "http://127.0.0.1:1" })).toMatchObject(failed);
  });

  test("a token of a file needs only to read under the prefix, and may be renewed", async () => {
    const policy = 'path "secret/data/dagsmith/*" { capabilities = ["read"] }';
    await vault.send("PUT", "sys/policies/acl/reader", { policy });
    const made = await vault.send("POST", "auth/token/create", { policies: ["reader"] });
    const { client_token: token } = made.auth as { client_token: string };
    const file = join(folder, "token");
    const env = { VAULT_TOKEN: "", VAULT_TOKEN_FILE: file };
    await writeFile(file, "expired\n");
    expect(await variable("region", env)).toMatchObject({
      error: { code: "SECRET_SOURCE_FAILED" },
    });
    await writeFile(file, `${token}\n`);
    expect(await variable("region", env)).toMatchObject({ value: "eu" });
    expect(await variable("region", { ...env, DAG_SECRETS_PREFIX: "other/" })).toMatchObject({
      error: { code: "SECRET_SOURCE_FAILED" },
    });
  });

  test("an engine of version 1 is refused with a reason", async () => {
    await vault.send("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
    await vault.send("POST", "old/data/dagsmith/variables/region", { value: "eu" });
    expect(await variable("region", { DAG_VAULT_MOUNT: "old" })).toMatchObject({
      error: { code: "SECRET_SOURCE_FAILED", message: expect.stringContaining("version 2") },
    });
  });
});
