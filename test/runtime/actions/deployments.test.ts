/** Deployments as a whole: recorded, repeated, restored, and deleted when they are old. */
import { describe, expect, test } from "vitest";
import {
  deployFolder,
  promoteDag,
  promoteDeployment,
  rollbackDag,
  rollbackDeployment,
} from "../../../runtime/actions/index.ts";
import { listDeployments } from "../../../runtime/store/reads/deployments.ts";
import { dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { cleanOld } from "../../support/history.ts";
import { migratedDatabase, rows, versionOf } from "../../support/migrated.ts";

const postgres = migratedDatabase();
const me = { actor: "ann" };

/** Each DAG has one task, whose name stands for its code. */
type Folder = Readonly<Record<string, string>>;

function specOf(dagId: string, task: string) {
  const one = dag(dagId, {});
  one.task(task, async () => null);
  return describeDag(one);
}

const deploy = (folder: Folder, request: { externalId?: string; reason?: string } = {}) =>
  deployFolder(
    postgres.db,
    {
      versions: Object.entries(folder).map(([dagId, task]) => versionOf(specOf(dagId, task))),
      errors: [],
    },
    { ...me, ...request },
  );

/** The DAGs that are deployed, each with the task of its current version. */
async function current(): Promise<Folder> {
  const found = await rows<{ dag: string; task: string }>(
    postgres.db,
    `select d.dag_id as dag, v.spec -> 'tasks' -> 0 ->> 'taskId' as task
     from dagsmith.dag d join dagsmith.dag_version v on v.id = d.version_id
     where d.removed_at is null order by 1`,
  );
  return Object.fromEntries(found.map(({ dag, task }) => [dag, task]));
}

const newest = async () => (await listDeployments(postgres.db, null, 1))[0]!;
const auditOf = (action: string, dagId: string) =>
  rows<{ detail: Record<string, unknown> }>(
    postgres.db,
    "select detail from dagsmith.audit where action = $1 and dag_id = $2 order by id",
    [action, dagId],
  );

describe("a deployment with an external id", () => {
  test("that was used for other contents is refused, and changes nothing", async () => {
    await deploy({ one: "a" }, { externalId: "reused" });
    await expect(deploy({ one: "b" }, { externalId: "reused" })).rejects.toMatchObject({
      code: "EXTERNAL_ID_REUSED",
      message: expect.stringContaining('"reused"'),
    });
    expect(await current()).toEqual({ one: "a" });
  });

  test("changes nothing the second time, also after another deployment", async () => {
    const first = await deploy({ one: "c" }, { externalId: "commit-c" });
    await deploy({ one: "d" }, { externalId: "commit-d" });
    expect(await deploy({ one: "c" }, { externalId: "commit-c" })).toEqual({
      ...{ deployment: first.deployment, isRepeated: true, deployed: [], removed: [] },
    });
    expect(await current()).toEqual({ one: "d" });
  });

  test("is recorded when no DAG changed, and one without an id is not", async () => {
    await deploy({ one: "e" });
    const before = await newest();
    expect((await deploy({ one: "e" })).deployment).toBeNull();
    expect((await newest()).id).toBe(before.id);
    const { deployment } = await deploy({ one: "e" }, { externalId: "docs only" });
    expect(await newest()).toMatchObject({ id: deployment, externalId: "docs only", changed: 0 });
  });

  test("names its new versions, and two at once are one", async () => {
    const request = { externalId: "commit-f", reason: "a fix" };
    const both = await Promise.all([deploy({ one: "f" }, request), deploy({ one: "f" }, request)]);
    expect(both.map(({ isRepeated }) => isRepeated).sort()).toEqual([false, true]);
    expect(
      await rows(
        postgres.db,
        "select dag_id from dagsmith.dag_version where external_id = 'commit-f'",
      ),
    ).toEqual([{ dag_id: "one" }]);
    expect((await auditOf("deploy", "one")).at(-1)!.detail).toMatchObject(request);
  });
});

describe("the whole deployment", () => {
  test("goes back: DAGs get their versions, removed ones return, new ones are removed", async () => {
    await deploy({ kept: "a", gone: "a" }, { externalId: "back-1" });
    await deploy({ kept: "b", fresh: "b" }, { externalId: "back-2" });
    const restored = await rollbackDeployment(postgres.db, { ...me, reason: "wrong totals" });
    expect(await current()).toEqual({ kept: "a", gone: "a" });
    expect(restored).toMatchObject({ externalId: "back-1", removed: ["fresh"] });
    expect(restored.changed.map(({ dagId }) => dagId).sort()).toEqual(["gone", "kept"]);
    expect((await auditOf("rollback", "kept")).at(-1)!.detail).toMatchObject({
      ...{ reason: "wrong totals", restored: restored.restored, version: 1 },
    });
    expect(await newest()).toMatchObject({
      ...{ kind: "rollback", externalId: "back-1", reason: "wrong totals", dags: 2, changed: 3 },
    });
  });

  test("goes one further back each time, and forward to the newest", async () => {
    for (const task of ["a", "b", "c"]) await deploy({ steps: task }, { externalId: `s-${task}` });
    await rollbackDeployment(postgres.db, me);
    expect(await current()).toEqual({ steps: "b" });
    await rollbackDeployment(postgres.db, me);
    expect(await current()).toEqual({ steps: "a" });
    await promoteDeployment(postgres.db, me);
    expect(await current()).toEqual({ steps: "c" });
    await promoteDeployment(postgres.db, { ...me, which: { name: "s-b" } });
    expect(await current()).toEqual({ steps: "b" });
  });

  test("goes back from before a rollback of one DAG, which is no deployment", async () => {
    await deploy({ x: "1", y: "1" });
    await deploy({ x: "2", y: "2" });
    await rollbackDag(postgres.db, { ...me, dagId: "x" });
    expect(await current()).toEqual({ x: "1", y: "2" });
    await rollbackDeployment(postgres.db, me);
    expect(await current()).toEqual({ x: "1", y: "1" });
  });

  test("that is unknown is refused with what to do", async () => {
    await expect(
      promoteDeployment(postgres.db, { ...me, which: { name: "4f1d" } }),
    ).rejects.toMatchObject({
      code: "UNKNOWN_DEPLOYMENT",
      message: expect.stringContaining("dag deployments"),
    });
  });
});

test("one DAG goes back and forward with a reason; a removed DAG has no version to go to", async () => {
  await deploy({ single: "a" });
  await deploy({ single: "b" });
  expect(await rollbackDag(postgres.db, { ...me, dagId: "single", reason: "late" })).toBe(1);
  expect((await auditOf("rollback", "single")).at(-1)!.detail).toMatchObject({ reason: "late" });
  expect(await promoteDag(postgres.db, { ...me, dagId: "single" })).toBe(2);
  expect(await current()).toEqual({ single: "b" });
  await deploy({ other: "a" });
  await expect(rollbackDag(postgres.db, { ...me, dagId: "single" })).rejects.toMatchObject({
    code: "UNKNOWN_VERSION",
  });
});

test("retention keeps what can still be restored, and deletes older deployments with their versions", async () => {
  for (const task of ["a", "b", "c", "d"])
    await deploy({ old: task }, { externalId: `old-${task}` });
  for (const table of ["deployment", "dag_version", "bundle"])
    await rows(
      postgres.db,
      `update dagsmith.${table} set created_at = created_at - interval '400 days'`,
    );
  for (const task of ["e", "f"]) await deploy({ old: task }, { externalId: `old-${task}` });
  await cleanOld(postgres.db, ["versions"]);
  const left = await listDeployments(postgres.db, null, 20);
  expect(left.map(({ externalId }) => externalId)).toEqual(["old-f", "old-e", "old-d", "old-c"]);
  await promoteDeployment(postgres.db, { ...me, which: { name: "old-c" } });
  expect(await current()).toEqual({ old: "c" });
  const versions = await rows<{ number: number }>(
    postgres.db,
    "select number from dagsmith.dag_version where dag_id = 'old' order by 1",
  );
  expect(versions.map(({ number }) => number)).toEqual([3, 4, 5, 6]);
});

test("changes of one DAG do not make the deployment expire to which a rollback returns", async () => {
  for (const task of ["a", "b"]) await deploy({ kept: task });
  for (const version of [1, 2, 1, 2])
    await rollbackDag(postgres.db, { ...me, dagId: "kept", version });
  for (const table of ["deployment", "dag_version"])
    await rows(
      postgres.db,
      `update dagsmith.${table} set created_at = created_at - interval '400 days'`,
    );
  await cleanOld(postgres.db, ["versions"]);
  await rollbackDeployment(postgres.db, me);
  expect(await current()).toEqual({ kept: "a" });
});

test("a number is that of a deployment, also where another one has it as its external id", async () => {
  const { deployment: id } = await deploy({ twins: "a" });
  await deploy({ twins: "b" }, { externalId: String(id) });
  await deploy({ twins: "c" });
  await promoteDeployment(postgres.db, { ...me, which: { id: id! } });
  expect(await current()).toEqual({ twins: "a" });
  await promoteDeployment(postgres.db, { ...me, which: { name: String(id) } });
  expect(await current()).toEqual({ twins: "b" });
});

test("of two people who restore what they saw, the second one is refused", async () => {
  const { deployment: first } = await deploy({ seen: "a" });
  const { deployment: second } = await deploy({ seen: "b" });
  await deploy({ seen: "c" });
  const latest = (await newest()).id;
  const asked = [first, second].map((id) =>
    promoteDeployment(postgres.db, { ...me, which: { id: id! }, latest }),
  );
  const answers = await Promise.allSettled(asked);
  expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(answers.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "DEPLOYED_MEANWHILE", message: expect.stringContaining(`${latest + 1}`) },
  });
});

test("a deployment without all of its versions is not restored", async () => {
  const { deployment } = await deploy({ lost: "a" });
  await deploy({ lost: "b" });
  await rows(postgres.db, "delete from dagsmith.dag_version where dag_id = 'lost' and number = 1");
  await expect(
    promoteDeployment(postgres.db, { ...me, which: { id: deployment! } }),
  ).rejects.toMatchObject({ code: "DEPLOYMENT_PRUNED" });
  expect(await current()).toEqual({ lost: "b" });
});
