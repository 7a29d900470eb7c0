/**
 * What a try writes before its end. Steps: each is done once over tries, deaths and
 * sleeps, and again after a clear. Labels and notes. What each try really ran.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { clearRuns, triggerRun } from "../../../runtime/actions/index.ts";
import { type SchedulerService, startScheduler } from "../../../runtime/scheduler/service.ts";
import { renderedFields } from "../../../runtime/store/reads/rendered.ts";
import { listSteps } from "../../../runtime/store/reads/steps.ts";
import { whyWaiting } from "../../../runtime/store/reads/why.ts";
import { putHeldRendered } from "../../../runtime/store/values/rendered_fields.ts";
import { beginHeldStep, endHeldStep } from "../../../runtime/store/values/step.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, type TestWorker, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(14);
let worker: TestWorker;
let scheduler: SchedulerService;
beforeAll(async () => {
  worker = await testWorker(postgres.db);
  scheduler = startScheduler({ db: postgres.db, log: () => undefined });
});
afterAll(async () => {
  await scheduler?.stop();
  await worker?.stop();
});

const PUBLISH = `
import { dag } from "dagsmith";
const d = dag("publishing");
d.task("publish", { retries: 1, retryDelay: "0s" }, async ({ step, tryNumber, log }) => {
  const made = await step("create", () => { log.info("create"); return tryNumber; });
  await step.sleep("review", "50ms");
  await step("send", () => { log.info("send"); if (tryNumber === 1) throw new Error("no"); });
  return made;
});
export default d;`;

const started = async (dagId: string) =>
  (await triggerRun(postgres.db, { dagId, actor: "ann" })).id;

async function stepsOf(runId: number): Promise<readonly string[]> {
  const rows = await postgres.db.query<{ name: string; tryNumber: number }>(
    {
      name: "steps_of_test",
      text: `select name, try_number as "tryNumber" from dagsmith.step where run_id = $1 order by finished_at`,
    },
    [runId],
  );
  return rows.map(({ name, tryNumber }) => `${name} ${tryNumber}`);
}

test("a retry goes on after the steps that are done; a clear runs them all again", async () => {
  await deploy(postgres.db, await dagFolder({ "publishing.js": PUBLISH }));
  const id = await started("publishing");
  const run = await runEnd(postgres.db, id);
  expect(run.task("publish")).toMatchObject({ state: "success", tryNumber: 2 });
  expect(await stepsOf(id)).toEqual(["create 1", "review 1", "send 2"]);
  await clearRuns(postgres.db, { of: { run: id }, actor: "ann" });
  const again = await runEnd(postgres.db, id);
  expect(again.task("publish")).toMatchObject({ state: "success" });
  expect(await stepsOf(id)).toEqual(["create 3", "review 3", "send 3"]);
});

test("a task that sleeps holds no slot, and nothing of it runs", async () => {
  await deploy(
    postgres.db,
    await dagFolder({
      "night.js": `
import { dag } from "dagsmith";
const d = dag("night");
d.task("sleeps", { each: Array.from({ length: 20 }, (_, i) => i) }, ({ step }) => step.sleep("long", "1h"));
d.task("works", () => "done");
export default d;`,
    }),
  );
  const id = await started("night");
  const states = async (): Promise<string[]> =>
    (
      await postgres.db.query<{ state: string }>(
        {
          name: "states_of_test",
          text: "select state from dagsmith.task_instance where run_id = $1 order by state",
        },
        [id],
      )
    ).map(({ state }) => state);
  await until("all to sleep, and the other task to end", async () => {
    const ofEach = Map.groupBy(await states(), (state) => state);
    return ofEach.get("up_for_reschedule")?.length === 20 && ofEach.get("success")?.length === 1;
  });
  const [first] = await listSteps(postgres.db, id, "sleeps", 0);
  expect(first).toMatchObject({ name: "long", state: "sleeping" });
  expect(Number(first!.finishedAt) - Number(first!.startedAt)).toBe(3_600_000);
  const { tasks } = await whyWaiting(postgres.db, id, "sleeps");
  expect(tasks[0]?.reasons.map(({ text }) => text)).toEqual([
    `sleeps in step "long" until ${utc(first!.finishedAt)} UTC`,
  ]);
});

const utc = (at: Date | null) => at?.toISOString().slice(0, 19).replace("T", " ");

test("a worker killed between two steps leaves the first done", async () => {
  const gate = await newGate();
  await deploy(
    postgres.db,
    await dagFolder({
      "dying.js": `
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("dying");
d.task("work", async ({ step }) => {
  const one = await step("one", () => { note("one"); return "first"; });
  await step("two", async () => { note("two"); await gate(); });
  return one;
});
export default d;`,
    }),
  );
  await worker.stop();
  const env = { DATABASE_URL: postgres.db.url, ...gate.env };
  const victim = await startService("worker", env);
  const id = await started("dying");
  await until("the second step", async () => (await gate.notes()).length === 2);
  const stepStates = async () =>
    (await listSteps(postgres.db, id, "work", -1)).map(({ name, state }) => `${name} ${state}`);
  await until("the beginning of the second step", async () => (await stepStates()).length === 2);
  expect(await stepStates()).toEqual(["one done", "two running"]);
  await victim.end("SIGKILL");
  await startService("worker", env);
  await until("the second step again", async () => (await gate.notes()).length === 3);
  await gate.open();
  const run = await runEnd(postgres.db, id);
  expect(run.state).toBe("success");
  expect(await gate.notes()).toEqual(["one", "two", "two"]);
  expect(await stepStates()).toEqual(["one done", "two done"]);
  worker = await testWorker(postgres.db);
});

test("a worker that has lost its try can neither begin nor finish a step of it", async () => {
  await deploy(postgres.db, await dagFolder({ "publishing.js": PUBLISH }));
  const run = await runEnd(postgres.db, await started("publishing"));
  const held = { instanceId: run.task("publish").id, tryNumber: 2, workerId: worker.id };
  expect(await beginHeldStep(postgres.db, "late", held)).toBe(false);
  expect(await endHeldStep(postgres.db, { name: "late", json: null }, held)).toBe(false);
  expect(await stepsOf(run.id)).not.toContain("late 2");
});

test("labels and the note of a run are written at once, without secrets", async () => {
  await deploy(
    postgres.db,
    await dagFolder({
      "noted.js": `
import { dag } from "dagsmith";
const d = dag("noted");
d.task("check", async ({ run, connection }) => {
  const { password } = await connection("warehouse");
  await run.label("customer", "acme");
  await run.label("login", password);
  await run.note("it was " + password);
  throw new Error("no");
});
export default d;`,
    }),
  );
  const id = await started("noted");
  await runEnd(postgres.db, id);
  const rows = await postgres.db.query(
    {
      name: "labels_of_test",
      text: `select r.note, json_object_agg(l.key, l.value) as labels from dagsmith.dag_run r
        join dagsmith.dag_run_label l on l.run_id = r.id where r.id = $1 group by r.note`,
    },
    [id],
  );
  expect(rows).toEqual([{ note: "it was ***", labels: { customer: "acme", login: "***" } }]);
});

const REPORTING = `
import { dag, sql } from "dagsmith";
const d = dag("reporting");
d.task("clean", { retries: 1, retryDelay: "0s" }, async ({ rendered, tryNumber, connection }) => {
  const { password } = await connection("warehouse");
  rendered({ sql: sql\`select \${tryNumber}, \${password}\`, long: "x".repeat(19_995) + password });
  rendered({ last: true });
  if (tryNumber === 1) throw new Error("no");
});
export default d;`;

test("each try keeps what it really ran, without secrets and within its limit", async () => {
  await deploy(postgres.db, await dagFolder({ "reporting.js": REPORTING }));
  const run = await runEnd(postgres.db, await started("reporting"));
  const ofTry = (tryNumber: number | null) =>
    renderedFields(postgres.db, { id: run.id, taskId: "clean", mapIndex: -1, tryNumber });
  const fields = (tryNumber: number) => [
    { name: "sql", value: "select $1, $2", characters: 13 },
    { name: "sql values", value: `[\n  ${tryNumber},\n  "***"\n]`, characters: 16 },
    { name: "long", value: `${"x".repeat(19_995)}***`, characters: 19_998 },
    { name: "last", value: "true", characters: 4 },
  ];
  expect(await ofTry(1)).toEqual(fields(1));
  expect(await ofTry(null)).toEqual(fields(2));
  const lost = { instanceId: run.task("clean").id, tryNumber: 1, workerId: worker.id };
  expect(await putHeldRendered(postgres.db, [], lost)).toBe(false);
  expect(await ofTry(1)).toEqual(fields(1));
});
