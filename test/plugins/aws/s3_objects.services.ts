/** S3 as an object store, against two servers that we did not write. */
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { s3Hook } from "dagsmith/plugins/aws";
import { runTask } from "dagsmith/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Counterpart, describeWith } from "../../support/counterpart.ts";
import { findMoto, startMoto } from "../../support/moto.ts";
import type { ServerProcess } from "../../support/server_process.ts";
import { storeContract } from "../../support/store_contract.ts";
import {
  findVersitygw,
  startVersitygw,
  VERSITY_KEYS,
  VERSITY_REGION,
} from "../../support/versitygw.ts";

async function s3Store(start: () => Promise<ServerProcess>) {
  const server = await start();
  const { login, password } = VERSITY_KEYS;
  const credentials = { accessKeyId: login, secretAccessKey: password };
  const at = { endpoint: server.url, region: VERSITY_REGION, credentials, forcePathStyle: true };
  const client = new S3Client(at);
  await client.send(new CreateBucketCommand({ Bucket: "lake" }));
  const uploads = new ListMultipartUploadsCommand({ Bucket: "lake" });
  const connectionsAt = (endpoint_url: string) => ({
    lake: { type: "aws", ...VERSITY_KEYS, extra: { endpoint_url, region_name: VERSITY_REGION } },
  });
  return {
    below: (prefix: string) => `s3://lake/${prefix}`,
    missingUrl: "s3://no-such-bucket",
    connections: connectionsAt(server.url),
    server: { url: server.url, connectionsAt },
    unfinished: async () => ((await client.send(uploads)).Uploads ?? []).length,
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

const LIMITS = {
  largeBytes: 200 * 1024 * 1024,
  manyKeys: 3000,
  keepsAttributes: true,
  isRemote: true,
  signs: true,
};

const SERVERS: readonly (readonly [string, Counterpart<string>, typeof startMoto])[] = [
  ["S3 as moto", await findMoto(), startMoto],
  ["S3 as versitygw", await findVersitygw(), startVersitygw],
];
describe.each(SERVERS)("%s", (name, counterpart, start) => {
  describeWith(name, counterpart, (program) =>
    storeContract(() => s3Store(() => start(program)), LIMITS),
  );
});

describeWith("A role of AWS STS as moto", await findMoto(), (program) =>
  test("is assumed for S3", async () => {
    const server = await startMoto(program);
    onTestFinished(() => server.stop());
    const role = "arn:aws:iam::123456789012:role/lake";
    const extra = { endpoint_url: server.url, assume_role_arn: role, external_id: "of-lake" };
    const { output } = await runTask(
      async ({ hook }) => {
        const { client } = await hook(s3Hook("lake"));
        await client.send(new CreateBucketCommand({ Bucket: "lake" }));
        const { accessKeyId, sessionToken } = await client.config.credentials();
        return [accessKeyId.slice(0, 4), typeof sessionToken];
      },
      { connections: { lake: { type: "aws", ...VERSITY_KEYS, extra } } },
    );
    expect(output).toEqual(["ASIA", "string"]);
  }),
);
