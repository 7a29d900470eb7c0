/**
 * Schedulers and workers that are killed, stopped and continued: real processes, real
 * signals.
 */
import { expect, onTestFinished, test } from "vitest";
import { cancelRun, triggerRun } from "../../../runtime/actions/index.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, type Gate, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { type NodeProcess, startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, isGone, runEnd, runNow } from "../../support/worker.ts";
import { daily, expectEachOnce, waiting, wide } from "./dags.ts";

const postgres = migratedDatabase();
const me = { actor: "test" };

/** Starts services on the test's database, whose tasks use the gate. */
function services(gate: Gate) {
  const env = (more: Readonly<Record<string, string>> = {}) => ({
    DATABASE_URL: postgres.db.url,
    ...gate.env,
    ...more,
  });
  return {
    scheduler: () => startService("scheduler", env()),
    worker: (slots = 4) => startService("worker", env({ SLOTS: `${slots}` })),
  };
}

async function deployed(files: Readonly<Record<string, string>>): Promise<void> {
  await deploy(postgres.db, await dagFolder(files));
}

const started = (gate: Gate, run: { readonly runId: string }, tryNumber = 1) =>
  until(`try ${tryNumber} to begin`, async () => {
    const line = (await gate.notes()).find((note) =>
      note.startsWith(`start ${run.runId} ${tryNumber} `),
    );
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  });

const triesOf = (id: number) =>
  rows<{ state: string; reason: string }>(
    postgres.db,
    "select y.state, y.reason from dagsmith.task_try y join dagsmith.task_instance t on t.id = y.task_instance_id where t.run_id = $1 order by y.try_number",
    [id],
  );

test("a worker killed in mid-task loses the try, visibly, and another does the work as a new one", async () => {
  const gate = await newGate();
  const { scheduler, worker } = services(gate);
  await deployed({ "killed.js": waiting("killed") });
  const [, victim] = await Promise.all([scheduler(), worker()]);
  const run = await triggerRun(postgres.db, { dagId: "killed", ...me });
  const orphan = await started(gate, run);
  const heir = await worker();
  await victim.end("SIGKILL");
  await started(gate, run, 2);
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.task("waits")).toMatchObject({
    state: "success",
    tryNumber: 2,
    lostTries: 1,
    output: 2,
  });
  expect(await triesOf(run.id)).toEqual([
    {
      state: "lost",
      reason: expect.stringMatching(`^the worker died \\(.*, process ${victim.pid}\\)$`),
    },
  ]);
  await until("the end of the dead worker's task process", async () => isGone(orphan));
  expect(heir.ended).toBeNull();
});

test("of two workers on 200 tasks one is killed: every task succeeds, and no try begins twice", async () => {
  const gate = await newGate();
  const { scheduler, worker } = services(gate);
  await deployed({ "survives.js": wide("survives", 200, 60) });
  const [, victim] = await Promise.all([scheduler(), worker(), worker()]);
  const run = await triggerRun(postgres.db, { dagId: "survives", ...me });
  await until(
    "a third of the work",
    async () => (await gate.notes()).filter((note) => note.startsWith("done")).length > 60,
  );
  await victim.end("SIGKILL");
  const end = await runEnd(postgres.db, run.id, 60);
  expect(end.state).toBe("success");
  const each = end.tasks.filter(({ taskId }) => taskId === "each");
  expectEachOnce(await gate.notes(), each);
  expect(each.every(({ tryNumber, lostTries }) => tryNumber === lostTries + 1)).toBe(true);
});

test("two workers and two schedulers do 500 tasks, each once", async () => {
  const gate = await newGate();
  const { scheduler, worker } = services(gate);
  await deployed({ "shared.js": wide("shared", 500, 0) });
  const all = await Promise.all([scheduler(), scheduler(), worker(), worker()]);
  const run = await triggerRun(postgres.db, { dagId: "shared", ...me });
  const end = await runEnd(postgres.db, run.id, 60);
  expect([end.state, end.tasks.length]).toEqual(["success", 501]);
  expectEachOnce(
    await gate.notes(),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
  expect(end.tasks.every(({ tryNumber }) => tryNumber === 1)).toBe(true);
  const took = await rows(
    postgres.db,
    "select distinct worker_id from dagsmith.task_instance where run_id = $1",
    [run.id],
  );
  expect(took).toHaveLength(2);
  expect(all.map(({ ended }) => ended)).toEqual([null, null, null, null]);
  await Promise.all(all.map((service) => service.end("SIGTERM")));
  expect(all.map(({ ended }) => ended)).toEqual(Array(4).fill("ended with code 0"));
});

test("four schedulers, of which two are killed at any moment, make each of 240 runs once", async () => {
  const gate = await newGate();
  const { scheduler, worker } = services(gate);
  const startDate = new Date(Date.now() - 120 * 86_400_000).toISOString().slice(0, 10);
  const [first, second, third] = await Promise.all([
    scheduler(),
    scheduler(),
    scheduler(),
    scheduler(),
    worker(),
  ]);
  await deployed({
    "hollow.js": daily("hollow", startDate, false),
    "worked.js": daily("worked", startDate, true),
  });
  const count = async (dagId: string): Promise<number> =>
    (
      await rows<{ n: number }>(
        postgres.db,
        "select count(*)::int as n from dagsmith.dag_run where dag_id = $1",
        [dagId],
      )
    )[0]!.n;
  await until("the first runs", async () => (await count("worked")) > 0);
  await first.end("SIGKILL");
  await until("more runs", async () => (await count("worked")) > 40);
  await Promise.all([second.end("SIGKILL"), third.end("SIGKILL")]);
  for (const dagId of ["hollow", "worked"]) {
    await until(`the end of ${dagId}`, async () => {
      const [row] = await rows<{ n: number }>(
        postgres.db,
        "select count(*)::int as n from dagsmith.dag_run where dag_id = $1 and state = 'success'",
        [dagId],
      );
      return row!.n >= 120;
    });
    const slots = await rows<{ slot: string }>(
      postgres.db,
      "select to_char(logical_date at time zone 'UTC', 'YYYY-MM-DD') as slot from dagsmith.dag_run where dag_id = $1 order by logical_date",
      [dagId],
    );
    const expected = Array.from({ length: 120 }, (_, day) =>
      new Date(Date.parse(startDate) + day * 86_400_000).toISOString().slice(0, 10),
    );
    expect(slots.map(({ slot }) => slot)).toEqual(expected);
  }
  const notes = await gate.notes();
  expect([notes.length, new Set(notes).size]).toEqual([120, 120]);
});

test("a worker that stood still is given up, its late result is refused, and it goes on under a new life", async () => {
  const gate = await newGate();
  const { scheduler, worker } = services(gate);
  await deployed({ "frozen.js": waiting("frozen") });
  const [, frozen] = await Promise.all([scheduler(), worker(1)]);
  const lives = async (pid: number): Promise<readonly string[]> =>
    (
      await rows<{ id: string }>(
        postgres.db,
        "select id from dagsmith.worker where pid = $1 and state = 'active'",
        [pid],
      )
    ).map(({ id }) => id);
  const [oldLife] = await lives(frozen.pid);
  const run = await triggerRun(postgres.db, { dagId: "frozen", ...me });
  await started(gate, run);
  frozen.signal("SIGSTOP");
  const heir: NodeProcess = await worker(1);
  await started(gate, run, 2);
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.task("waits")).toMatchObject({
    state: "success",
    tryNumber: 2,
    lostTries: 1,
    output: 2,
  });
  frozen.signal("SIGCONT");
  const [newLife] = await until("its new life", async () => {
    const now = await lives(frozen.pid);
    return now.length > 0 && now[0] !== oldLife && now;
  });
  expect(newLife).not.toBe(oldLife);
  expect(await runNow(postgres.db, run.id)).toMatchObject({ state: "success", tasks: end.tasks });
  await heir.end("SIGTERM");
  const next = await triggerRun(postgres.db, { dagId: "frozen", ...me });
  expect((await runEnd(postgres.db, next.id)).task("waits")).toMatchObject({
    state: "success",
    tryNumber: 1,
  });
  expect(frozen.ended).toBeNull();
  expect(frozen.said.filter(({ event }) => event === "worker_restarted")).toHaveLength(1);
});

test("a worker that is told to stop finishes what it runs and ends with code 0", async () => {
  const gate = await newGate();
  const { worker } = services(gate);
  await deployed({ "stopped.js": waiting("stopped") });
  const stopped = await worker(1);
  const run = await triggerRun(postgres.db, { dagId: "stopped", ...me });
  const child = await started(gate, run);
  const ending = stopped.end("SIGTERM");
  onTestFinished(() => ending);
  await gate.open();
  await ending;
  expect(stopped.ended).toBe("ended with code 0");
  expect((await runNow(postgres.db, run.id)).task("waits")).toMatchObject({
    state: "success",
    tryNumber: 1,
  });
  await until("the end of its task process", async () => isGone(child));
});

test.each([
  ["awaits its child", "await new Promise(() => undefined);"],
  ["never yields", "for (;;);"],
])("the children of a task that %s die with its worker, and so do theirs", async (_, waits) => {
  const gate = await newGate();
  const { worker } = services(gate);
  const dagId = `children_${waits.length}`;
  await deployed({
    "children.js": `import { spawn } from "node:child_process";
import { dag } from "dagsmith";
${GATE_CODE}
const d = dag("${dagId}");
d.task("work", async () => {
  const child = spawn("/bin/sh", ["-c", "sleep 300 & echo $!; wait"]);
  const grandchild = await new Promise((told) => child.stdout.once("data", (text) => told(Number(text))));
  note(JSON.stringify([process.pid, child.pid, grandchild]));
  ${waits}
});
export default d;`,
  });
  const victim = await worker();
  const run = await triggerRun(postgres.db, { dagId, ...me });
  const pids = await until("the processes", async () => {
    const [note] = await gate.notes();
    return note === undefined ? undefined : (JSON.parse(note) as readonly number[]);
  });
  expect(pids).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
  await victim.end("SIGKILL");
  for (const pid of pids) await until(`the end of process ${pid}`, async () => isGone(pid));
  await cancelRun(postgres.db, { id: run.id, ...me });
});
