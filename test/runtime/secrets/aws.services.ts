/** AWS Secrets Manager as a source of secrets, against moto. */
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newProject, type Project } from "../../support/cli.ts";
import { describeWith } from "../../support/counterpart.ts";
import { findMoto, startMoto } from "../../support/moto.ts";
import type { ServerProcess } from "../../support/server_process.ts";

describeWith("AWS Secrets Manager", await findMoto(), (program) => {
  let moto: ServerProcess;
  let project: Project;
  const keys = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
  const region = { AWS_REGION: "eu-west-1" };
  beforeAll(async () => {
    moto = await startMoto(program);
    const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
    const client = new SecretsManagerClient({
      ...{ region: "eu-west-1", endpoint: moto.url, credentials },
    });
    const create = (Name: string, value: string | Uint8Array) =>
      client.send(
        new CreateSecretCommand({
          Name,
          ...(typeof value === "string" ? { SecretString: value } : { SecretBinary: value }),
        }),
      );
    await create("dagsmith/connections/lake", "postgres://etl:aws-s3cret@db:5432/lake");
    await create("dagsmith/variables/region", "eu");
    await create("dagsmith/variables/bytes", Buffer.from("x"));
    client.destroy();
    project = await newProject(
      {},
      {
        ...{ DAG_SECRET_SOURCES: "environment,aws", AWS_ENDPOINT_URL_SECRETS_MANAGER: moto.url },
        ...{ ...keys, ...region },
      },
    );
  }, 120_000);
  afterAll(async () => {
    await project?.remove();
    await moto?.stop();
  });

  test("a connection and a variable are found under their prefix", async () => {
    expect(await project.json(["connections", "get", "lake", "--reveal"])).toMatchObject({
      ...{ type: "postgres", login: "etl", password: "aws-s3cret", schema: "lake" },
    });
    expect(await project.json(["variables", "get", "region"])).toMatchObject({ value: "eu" });
  });

  test("the environment answers first, and a secret that is not there is not found", async () => {
    const env = { DAG_VAR_REGION: "us" };
    expect(await project.json(["variables", "get", "region"], { env })).toMatchObject({
      value: "us",
    });
    expect(await project.json(["variables", "get", "none"])).toMatchObject({
      error: { code: "VARIABLE_NOT_FOUND" },
    });
  });

  test("a secret of bytes, and a server that is away, fail with the source and no secret", async () => {
    expect(await project.json(["variables", "get", "bytes"])).toMatchObject({
      error: {
        code: "SECRET_SOURCE_FAILED",
        message: expect.stringContaining("bytes and no text"),
      },
    });
    const env = { AWS_ENDPOINT_URL_SECRETS_MANAGER: "http://127.0.0.1:1" };
    const away = await project.dag(["connections", "get", "lake", "--json"], { env });
    expect(JSON.parse(away.stdout)).toMatchObject({ error: { code: "SECRET_SOURCE_FAILED" } });
    expect(away.stdout + away.stderr).not.toContain("aws-s3cret");
  });
});
