/** Large values and files in Google Cloud Storage and in Azure Blob Storage. */
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/trigger.ts";
import type { PluginFolder, XComFolder } from "../../../runtime/config/xcom_folder.ts";
import { largeValuesIn, tryLargeValues } from "../../../runtime/large_values/open.ts";
import type { LargeValues } from "../../../runtime/large_values/store.ts";
import { parseConnection } from "../../../sdk/connection.ts";
import { AZURITE, findAzurite, startAzurite } from "../../support/azurite.ts";
import { describeWith } from "../../support/counterpart.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { findFakeGcs, startFakeGcs } from "../../support/fake_gcs.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { deploy, runEnd } from "../../support/worker.ts";

const postgres = migratedDatabase(20);
const NAME = "0b8e3f6a-2c53-4c0e-9d0e-7f6f3f0c6a11";
const MIB = 1024 * 1024;

interface BucketServer {
  readonly folder: PluginFolder;
  readonly stop: () => Promise<void>;
}

async function gcsServer(program: string): Promise<BucketServer> {
  const { url, stop } = await startFakeGcs(program);
  await fetch(`${url}/storage/v1/b?project=test`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ name: "values" }),
  });
  const uri = `google-cloud-platform://?project=test&api_endpoint=${encodeURIComponent(url)}`;
  const connection = parseConnection("DAG_XCOM_CONNECTION", uri);
  return { folder: { scheme: "gs", bucket: "values", prefix: "of/dagsmith/", connection }, stop };
}

async function azureServer(program: string): Promise<BucketServer> {
  const { url: host, stop } = await startAzurite(program);
  const { account: login, key: password } = AZURITE;
  const client = new BlobServiceClient(host, new StorageSharedKeyCredential(login, password));
  await client.createContainer("values");
  const json = JSON.stringify({ type: "wasb", host, login, password });
  const connection = parseConnection("DAG_XCOM_CONNECTION", json);
  return { folder: { scheme: "az", bucket: "values", prefix: "of/dagsmith/", connection }, stop };
}

describeWith("Values in GCS as fake-gcs-server", await findFakeGcs(), (program) =>
  valuesContract(() => gcsServer(program)),
);
describeWith("Values in Azure as Azurite", await findAzurite(), (program) =>
  valuesContract(() => azureServer(program)),
);

const CODE = `
import { dag } from "dagsmith";
const d = dag("bucket");
const large = d.task("large", () => "x".repeat(200_000));
const file = d.task("file", ({ files }) => files.put("a.txt", "y".repeat(300_000)));
d.task("reads", { inputs: { large, file } }, async ({ inputs, files }) =>
  [inputs.large.length, (await files.text(inputs.file)).length]);
export default d;
`;

function valuesContract(begin: () => Promise<BucketServer>): void {
  let server: BucketServer;
  beforeAll(async () => {
    server = await begin();
  }, 300_000);
  afterAll(() => server?.stop());

  const opened = (more: Partial<PluginFolder> = {}): LargeValues => {
    const values = largeValuesIn({ ...server.folder, ...more });
    onTestFinished(() => values.close());
    return values;
  };

  test("a missing bucket is an error for each verb, and not a missing value", async () => {
    const values = opened({ bucket: "no-such-bucket" });
    const works: readonly (() => Promise<unknown>)[] = [
      () => values.write(NAME, Buffer.from("x")),
      () => values.read(NAME),
      () => values.readRange(NAME, 0, 1),
    ];
    for (const work of works) await expect(work()).rejects.toThrow(/no-such-bucket/);
  });

  test("a value is read as it was written, in parts too, and is gone when it is removed", async () => {
    const values = opened();
    expect([await values.read(NAME), await values.readRange(NAME, 0, 1)]).toEqual([
      undefined,
      undefined,
    ]);
    await values.write(NAME, Buffer.from("0123456789"));
    expect((await values.read(NAME))?.toString()).toBe("0123456789");
    expect((await values.readRange(NAME, 8, 10))?.toString()).toBe("89");
    for (const remove of [values.remove, values.abandon, values.remove]) await remove(NAME);
    expect(await values.read(NAME)).toBeUndefined();
  });

  test("a stream that fails leaves nothing, and one that ends is whole", async () => {
    const values = opened();
    await expect(values.writeStream(NAME, pieces(20, true))).rejects.toThrow("the source broke");
    expect(await values.read(NAME)).toBeUndefined();
    await values.writeStream(NAME, pieces(20, false));
    expect((await values.read(NAME))?.length).toBe(20 * MIB);
    await values.remove(NAME);
  });

  test("closing ends an upload whose source gives nothing more", async () => {
    const values = largeValuesIn(server.folder);
    const begun = Promise.withResolvers<void>();
    const source = async function* () {
      yield Buffer.alloc(MIB);
      begun.resolve();
      await new Promise<never>(() => undefined);
    };
    const writing = values.writeStream(NAME, source());
    await begun.promise;
    values.close();
    await expect(writing).rejects.toThrow("the worker stops");
  });

  test("dag doctor's value is written, read and removed", async () => {
    const { scheme } = server.folder;
    expect(await tryLargeValues(server.folder)).toBe(`${scheme}://values/of/dagsmith/`);
  });

  test("a worker stores values and files there, and reads them", async () => {
    await deploy(postgres.db, await dagFolder({ "bucket.js": CODE }));
    await startServices(server.folder);
    const { id } = await triggerRun(postgres.db, { dagId: "bucket", actor: "test" });
    const run = await runEnd(postgres.db, id);
    expect(run.task("reads")).toMatchObject({ state: "success", output: [200_000, 300_000] });
  });
}

/** Real processes: a worker that runs from source finds the plugin by its name. */
async function startServices(folder: XComFolder): Promise<void> {
  const XCOMS = JSON.stringify({ folder, spillBytes: 1000 });
  const env = { DATABASE_URL: postgres.db.url, XCOMS };
  await Promise.all([startService("worker", env), startService("scheduler", env)]);
}

async function* pieces(count: number, fails: boolean): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(MIB, index);
  if (fails) throw new Error("the source broke");
}
