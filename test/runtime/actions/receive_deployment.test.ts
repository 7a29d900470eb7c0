/** A deployment from another machine: refused, incomplete, broken off, whole. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { receiveDeployment, storeDeploymentChunk } from "../../../runtime/actions/index.ts";
import {
  packDeployment,
  type SentDeployment,
  sha256,
} from "../../../runtime/actions/sent_deployment.ts";
import { versionHash } from "../../../runtime/bundler/version.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { SPEC_FORMAT } from "../../../sdk/spec/index.ts";
import { dyingAt } from "../../support/crashing_database.ts";
import { atEveryStatement } from "../../support/every_statement.ts";
import { migratedDatabase, rows, versionOf } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };

/** A folder with one DAG, whose task stands for its code, and a folder of files. */
function parcelOf(dagId: string, task: string, files = [file("query.sql", "select 1")]) {
  const d = dag(dagId, {});
  d.task(task, async () => null);
  const text = JSON.stringify(files);
  const folder = { hash: sha256(Buffer.from(text)), archive: gzipSync(text) };
  const { chunks, ...sent } = packDeployment({
    versions: [{ ...versionOf(describeDag(d)), folders: [folder] }],
    errors: [],
  });
  return { sent: { format: SPEC_FORMAT, ...sent } satisfies SentDeployment, chunks };
}

const file = (path: string, content: string) => ({
  ...{ path, isExecutable: false, content: Buffer.from(content).toString("base64") },
});

type Parcel = ReturnType<typeof parcelOf>;

async function upload({ chunks }: Parcel, db = postgres.db): Promise<void> {
  for (const content of chunks.values())
    await storeDeploymentChunk(db, { content: Buffer.from(content), ...me });
}

const receive = (sent: SentDeployment, db = postgres.db) => receiveDeployment(db, { sent, ...me });

const taskOf = async (dagId: string): Promise<unknown> => {
  const [row] = await rows<{ task: string }>(
    postgres.db,
    `select v.spec -> 'tasks' -> 0 ->> 'taskId' as task from dagsmith.dag d
     join dagsmith.dag_version v on v.id = d.version_id where d.dag_id = $1`,
    [dagId],
  );
  return row?.task;
};

const chunksLeft = async () =>
  (await rows(postgres.db, "select hash from dagsmith.deployment_chunk")).length;

describe("what was sent is refused, and nothing changes, when", () => {
  const { sent: good } = parcelOf("refused", "a");
  const [one] = good.dags;
  const spec = one!.spec;
  const withSpec = (change: object): SentDeployment => ({
    ...good,
    dags: [{ ...one!, spec: { ...spec, ...change } }],
  });
  test.each<readonly [string, SentDeployment, RegExp]>([
    ["another version of dagsmith made it", { ...good, format: 1 }, /format 1, here/],
    ["a DAG comes twice", { ...good, dags: [one!, one!] }, /"refused" is wrong: it comes twice/],
    ["its bundle is not listed", { ...good, bundles: [] }, /bundle of DAG "refused" is missing/],
    ["a folder is not listed", { ...good, folders: [] }, /the folder [0-9a-f]+ is missing/],
    ["its timezone is unknown", withSpec({ timezone: "Mars/Base" }), /"Mars\/Base" is unknown/],
    [
      "a task comes before the task that it needs",
      withSpec({ tasks: [{ ...spec.tasks[0], upstream: ["later"] }] }),
      /comes before "later"/,
    ],
    ...["a\u0000b", "a\ud800b"].map(
      (broken) =>
        [
          `PostgreSQL cannot read ${JSON.stringify(broken)} back`,
          withSpec({ assetDetails: { "s3://a": { name: null, extra: { [broken]: [broken] } } } }),
          /"refused" is wrong: the text at assetDetails.*half of a surrogate pair/,
        ] as const,
    ),
    [
      "a task is mapped over a task that does not exist",
      withSpec({ tasks: [{ ...spec.tasks[0], each: { concat: [{ taskId: "gone" }] } }] }),
      /comes before "gone"/,
    ],
    [
      "a schedule can never run",
      withSpec({
        schedules: [
          { name: "", params: {}, schedule: { type: "cron_trigger", cron: "0 0 31 2 *" } },
        ],
      }),
      /no date matches/,
    ],
  ])("%s", async (_why, sent, message) => {
    await expect(receive(sent)).rejects.toMatchObject({
      code: "INVALID_DEPLOYMENT",
      message: expect.stringMatching(message),
    });
    expect(await taskOf("refused")).toBeUndefined();
  });

  test.each(["../outside", "/etc/passwd", "a/../../b", "a\\..\\b", ""])(
    "a file of a folder has the path %j",
    async (path) => {
      const parcel = parcelOf("climbing", "a", [file(path, "x")]);
      await upload(parcel);
      await expect(receive(parcel.sent)).rejects.toMatchObject({
        message: expect.stringContaining("leads out of the folder"),
      });
      expect(await taskOf("climbing")).toBeUndefined();
    },
  );

  test("code, folder or length are not those of the hash", async () => {
    const parcel = parcelOf("forged", "a");
    const other = parcelOf("forged", "b", [file("query.sql", "select 2")]);
    await upload(parcel);
    await upload(other);
    const [bundle] = parcel.sent.bundles;
    const forged = [
      { bundles: [{ ...bundle!, code: other.sent.bundles[0]!.code }] },
      { folders: [{ ...parcel.sent.folders[0]!, archive: other.sent.folders[0]!.archive }] },
      { bundles: [{ ...bundle!, code: { ...bundle!.code, bytes: 1 } }] },
      { bundles: [{ ...bundle!, sourceMap: bundle!.code }] },
      {
        bundles: [
          { ...bundle!, code: { bytes: 1, chunks: Array(1_024).fill(bundle!.code.chunks[0]) } },
        ],
      },
    ];
    for (const change of forged)
      await expect(receive({ ...parcel.sent, ...change })).rejects.toMatchObject({
        code: "INVALID_DEPLOYMENT",
      });
    expect(await taskOf("forged")).toBeUndefined();
  });
});

test("a chunk of more than 1 MiB is refused, and so is an empty one", async () => {
  for (const content of [Buffer.alloc(0), Buffer.alloc(1024 * 1024 + 1)])
    await expect(storeDeploymentChunk(postgres.db, { content, ...me })).rejects.toMatchObject({
      code: "INVALID_DEPLOYMENT",
    });
});

test("a deployment asks for what is missing, deploys it once, and leaves no chunk", async () => {
  await rows(postgres.db, "delete from dagsmith.deployment_chunk");
  const parcel = parcelOf("whole", "a");
  expect(await receive(parcel.sent)).toEqual({
    ...{ state: "incomplete", missing: [...parcel.chunks.keys()] },
  });
  await upload(parcel);
  expect(await receive(parcel.sent)).toMatchObject({
    ...{ state: "deployed", isRepeated: false },
    deployed: [{ dagId: "whole", version: 1, isNew: true }],
  });
  expect(await chunksLeft()).toBe(0);
  const [stored] = await rows<{ hash: string; code: Buffer }>(
    postgres.db,
    "select v.hash, b.code from dagsmith.dag_version v join dagsmith.bundle b on b.hash = v.bundle_hash where dag_id = 'whole'",
  );
  const { bundle } = parcel.sent.dags[0]!;
  expect(stored!.hash).toBe(versionHash(bundle, "whole"));
  expect(sha256(stored!.code)).toBe(bundle);
  expect(await receive(parcel.sent)).toMatchObject({
    ...{ state: "deployed", deployment: null },
    deployed: [{ dagId: "whole", version: 1, isNew: false }],
  });
});

test("chunks of an upload that was given up are deleted a day later", async () => {
  await upload(parcelOf("given_up", "a"));
  await rows(
    postgres.db,
    "update dagsmith.deployment_chunk set created_at = now() - interval '25 hours'",
  );
  const parcel = parcelOf("later", "a");
  await upload(parcel);
  await receive(parcel.sent);
  expect(await chunksLeft()).toBe(0);
});

test("two deployments at once leave one of them, whole", async () => {
  const parcels = [parcelOf("both", "a"), parcelOf("both", "b")];
  for (const parcel of parcels) await upload(parcel);
  await Promise.all(
    parcels.map(async (parcel) => {
      // Each may use up chunks that the other needs.
      while ((await receive(parcel.sent)).state === "incomplete") await upload(parcel);
    }),
  );
  expect(["a", "b"]).toContain(await taskOf("both"));
  expect(
    (await rows(postgres.db, "select from dagsmith.dag_version where dag_id = 'both'")).length,
  ).toBe(2);
});

test("a server that dies at any statement leaves the old version or the new one", async () => {
  let deployments = 0;
  const statements = await atEveryStatement(postgres.db, dyingAt, async () => {
    const dagId = `dying_${++deployments}`;
    const [before, after] = [parcelOf(dagId, "before"), parcelOf(dagId, "after")];
    await upload(before);
    await receive(before.sent);
    return {
      dagId,
      run: async (db) => {
        await upload(after, db);
        const { state } = await receive(after.sent, db);
        expect(state).toBe("deployed");
      },
      check: async () => {
        expect(await taskOf(dagId)).toBe("after");
        expect(await chunksLeft()).toBe(0);
      },
    };
  });
  expect(statements).toBeGreaterThan(12);
});
