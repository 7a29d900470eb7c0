/**
 * Groups that have an instance, in real task processes, by the real scheduler's clock,
 * and on workers that are killed.
 */
import { expect, onTestFinished, test } from "vitest";
import { cancelRun, triggerRun } from "../../../runtime/actions/index.ts";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, type Gate, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, isGone, type RanRun, runEnd, runNow, testWorker } from "../../support/worker.ts";

const postgres = migratedDatabase(24);
const me = { actor: "test" };

/** A worker and a scheduler in this process, whose tasks use the gate. */
async function serving(gate: Gate): Promise<void> {
  const worker = await testWorker(postgres.db, {
    slots: 4,
    taskEnv: { PATH: process.env.PATH, ...gate.env },
  });
  onTestFinished(() => worker.stop());
  const scheduler = startScheduler({ db: postgres.db, log: () => undefined });
  onTestFinished(() => scheduler.stop());
}

async function deployed(dagId: string, ...lines: readonly string[]): Promise<void> {
  const text = [
    'import { chain, dag, lazy, over } from "dagsmith";',
    GATE_CODE,
    `const d = dag("${dagId}");`,
    ...lines,
    "export default d;",
  ];
  await deploy(postgres.db, await dagFolder({ [`${dagId}.js`]: text.join("\n") }));
}

const trigger = (dagId: string) => triggerRun(postgres.db, { dagId, ...me });

/** `state tryNumber` of each instance of a task, in map order. */
const shown = ({ tasks }: RanRun, taskId: string): readonly string[] =>
  tasks
    .filter((one) => one.taskId === taskId)
    .sort((a, b) => a.mapIndex - b.mapIndex)
    .map(({ state, tryNumber }) => `${state} ${tryNumber}`);

const pidNoted = (gate: Gate, begins: string) =>
  until(`the note ${begins}`, async () => {
    const line = (await gate.notes()).find((note) => note.startsWith(`${begins} `));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  });

test("a mapped group gives each element its item and its own inputs, and those outside the lists of what they left", async () => {
  const gate = await newGate();
  await serving(gate);
  await deployed(
    "mapped",
    'const days = d.task("days", () => ["mon", "tue", "wed"]);',
    'const rate = d.task("rate", () => 10);',
    'const numbers = d.task("numbers", { each: [1, 2, 3] }, ({ item }) => item);',
    'const g = d.group("g", { each: over(days).map((day) => day.toUpperCase()), label: ({ item }) => "on " + item, maxActive: 2 }, (g) => {',
    '  const read = g.task("read", { inputs: { rate } }, ({ item, inputs, mapIndex }) => ({ day: item, rows: inputs.rate + mapIndex }));',
    '  const load = g.task("load", { inputs: { read, numbers: lazy(numbers) }, retries: 1, retryDelay: "0s" }, async ({ inputs, item, tryNumber }) => {',
    '    if (item === "TUE" && tryNumber === 1) throw new Error("not yet");',
    "    let sum = 0;",
    "    for await (const number of inputs.numbers) sum += number;",
    "    return [item, inputs.read.day, inputs.read.rows, sum, tryNumber].join(' ');",
    "  });",
    "  return { read, load };",
    "});",
    'd.task("whole", { inputs: g.result }, ({ inputs }) => [inputs.read.map(({ rows }) => rows), inputs.load]);',
    'd.task("lazily", { inputs: { load: lazy(g.result.load) } }, ({ inputs }) => inputs.load.all());',
    'd.task("once_more", { each: g.result.read }, ({ item }) => item.day);',
    'd.task("pulled", { inputs: { load: g.result.load } }, async ({ xcom }) => xcom.pull("g.load"));',
  );
  const run = await runEnd(postgres.db, (await trigger("mapped")).id);
  const loads = ["MON MON 10 6 1", "TUE TUE 11 6 2", "WED WED 12 6 1"];
  expect(run.task("whole").output).toEqual([[10, 11, 12], loads]);
  expect([run.task("lazily").output, run.task("pulled").output]).toEqual([loads, loads]);
  expect(
    run.tasks.filter(({ taskId }) => taskId === "once_more").map(({ output }) => output),
  ).toEqual(["MON", "TUE", "WED"]);
  expect([shown(run, "g"), shown(run, "g.load")]).toEqual([
    ["success 1", "success 1", "success 1"],
    ["success 1", "success 2", "success 1"],
  ]);
  expect(run.state).toBe("success");
  const labels = await rows<{ label: string }>(
    postgres.db,
    "select label from dagsmith.task_instance where run_id = $1 and task_id in ('g', 'g.load') order by task_id, map_index",
    [run.id],
  );
  // The elements of the group are called as its tasks are.
  expect(labels.map(({ label }) => label)).toEqual([
    "on MON",
    "on TUE",
    "on WED",
    "on MON",
    "on TUE",
    "on WED",
  ]);
});

test("a group is tried again after its delay: every task of it runs anew, and the outputs of the try before are gone", async () => {
  const gate = await newGate();
  await serving(gate);
  await deployed(
    "tried",
    'const g = d.group("g", { each: ["a", "b"], retries: 2, retryDelay: "200ms" }, (g) => {',
    '  const make = g.task("make", ({ item, tryNumber }) => note(["make", item, tryNumber].join(" ")) ?? item + tryNumber);',
    '  return g.task("use", { inputs: { make } }, ({ inputs, item, tryNumber }) => {',
    '    if (item === "b" && tryNumber < 3) throw new Error("no");',
    "    return inputs.make;",
    "  });",
    "});",
    'd.task("after", { inputs: { used: g.result } }, ({ inputs }) => inputs.used);',
  );
  const run = await runEnd(postgres.db, (await trigger("tried")).id);
  expect([run.state, run.task("after").output]).toEqual(["success", ["a1", "b3"]]);
  expect((await gate.notes()).toSorted()).toEqual(["make a 1", "make b 1", "make b 2", "make b 3"]);
  expect([shown(run, "g"), shown(run, "g.make")]).toEqual([
    ["success 1", "success 3"],
    ["success 1", "success 3"],
  ]);
});

test("a group whose time is up has what runs in it killed, and what it set up torn down", async () => {
  const gate = await newGate();
  await serving(gate);
  await deployed(
    "timed",
    'const g = d.group("g", { executionTimeout: "1h" }, (g) => {',
    '  const open = g.setup("open", () => null);',
    // It does not listen to its signal.
    '  const deaf = g.task("deaf", async () => { note("deaf " + process.pid); await gate(); note("done"); });',
    '  chain(open, deaf, g.task("next", () => note("next")), g.teardown("close", { setups: open }, () => note("closed")));',
    "});",
    'chain(g, d.task("after", { triggerRule: "all_done" }, () => null));',
  );
  const { id } = await trigger("timed");
  const pid = await pidNoted(gate, "deaf");
  await rows(
    postgres.db,
    "update dagsmith.task_wait set due_at = now() where run_id = $1 and kind = 'group_timeout'",
    [id],
  );
  const run = await runEnd(postgres.db, id);
  expect(run.task("g")).toMatchObject({
    state: "failed",
    reason: "the group took longer than its time limit",
  });
  expect([run.task("g.deaf").state, run.task("g.next").state, run.task("after").state]).toEqual([
    "failed",
    "skipped",
    "success",
  ]);
  await until("the end of the task process", async () => isGone(pid));
  expect((await gate.notes()).slice(1)).toEqual(["closed"]);
});

test("a run that is cancelled takes its groups along, whatever they wait for", async () => {
  const gate = await newGate();
  await serving(gate);
  await deployed(
    "cancelled",
    'd.group("g", { each: [0, 1], retries: 1, retryDelay: "1h" }, (g) => {',
    '  g.task("a", async ({ item }) => { if (item === 0) throw new Error("no"); note("waits " + process.pid); await gate(); });',
    "});",
  );
  const { id } = await trigger("cancelled");
  await until("the wait of one element", async () =>
    (await runNow(postgres.db, id)).tasks.some(({ state }) => state === "up_for_retry"),
  );
  const pid = await pidNoted(gate, "waits");
  await cancelRun(postgres.db, { id, ...me });
  const run = await runEnd(postgres.db, id);
  expect(run.state).toBe("failed");
  expect(run.tasks.filter(({ state }) => !["failed", "skipped"].includes(state))).toEqual([]);
  await until("the end of the task process", async () => isGone(pid));
});

const SHARED = (id: string, count: number, wait: string): readonly string[] => [
  `const g = d.group("g", { each: [...Array(${count}).keys()] }, (g) => {`,
  '  const start = (name, { mapIndex, tryNumber }) => note(["start", name, mapIndex, tryNumber, process.pid].join(" "));',
  '  const a = g.task("a", (context) => start("a", context) ?? context.mapIndex);',
  `  const b = g.task("b", { inputs: { a } }, async (context) => { start("b", context); ${wait}; return context.inputs.a; });`,
  '  return g.task("c", { inputs: { b } }, (context) => start("c", context) ?? context.inputs.b);',
  "});",
  `d.task("after", { inputs: { all: g.result } }, ({ inputs }) => note("after ${id}") ?? inputs.all);`,
];

test("a worker killed in the middle of an element loses that try, and the element goes on elsewhere", async () => {
  const gate = await newGate();
  const env = { DATABASE_URL: postgres.db.url, ...gate.env };
  await deployed("killed", ...SHARED("killed", 3, "if (context.mapIndex === 1) await gate()"));
  const [, victim] = await Promise.all([
    startService("scheduler", env),
    startService("worker", env),
  ]);
  const { id } = await trigger("killed");
  const orphan = await pidNoted(gate, "start b 1 1");
  await startService("worker", env);
  await victim.end("SIGKILL");
  await until("the next try", async () =>
    (await gate.notes()).some((note) => note.startsWith("start b 1 2 ")),
  );
  await gate.open();
  const run = await runEnd(postgres.db, id);
  expect([run.state, run.task("after").output]).toEqual(["success", [0, 1, 2]]);
  expect(run.task("g.b", 1)).toMatchObject({ state: "success", tryNumber: 2, lostTries: 1 });
  expect(shown(run, "g")).toEqual(["success 1", "success 1", "success 1"]);
  expect((await gate.notes()).filter((note) => note.startsWith("start a 1 "))).toHaveLength(1);
  await until("the end of the dead worker's task process", async () => isGone(orphan));
});

test("four workers do the 600 tasks of a group mapped over 200 elements, each once and in its order", async () => {
  const gate = await newGate();
  const env = { DATABASE_URL: postgres.db.url, ...gate.env };
  await deployed("shared", ...SHARED("shared", 200, "await null"));
  await Promise.all([
    startService("scheduler", env),
    ...Array.from({ length: 4 }, () => startService("worker", env)),
  ]);
  const { id } = await trigger("shared");
  const run = await runEnd(postgres.db, id, 60);
  expect([run.state, run.tasks.length, run.task("after").output]).toEqual([
    "success",
    801,
    [...Array(200).keys()],
  ]);
  expect(run.tasks.every(({ state, tryNumber }) => state === "success" && tryNumber === 1)).toBe(
    true,
  );
  const starts = (await gate.notes())
    .filter((note) => note.startsWith("start "))
    .map((note) => note.split(" ").slice(1, 3).join(" "));
  expect([starts.length, new Set(starts).size]).toEqual([600, 600]);
  for (const index of Array(200).keys())
    expect(
      ["a", "b", "c"]
        .map((name) => starts.indexOf(`${name} ${index}`))
        .every((at, n, all) => n === 0 || at > all[n - 1]!),
    ).toBe(true);
  expect((await gate.notes()).filter((note) => note.startsWith("after"))).toEqual(["after shared"]);
  const took = await rows(
    postgres.db,
    "select distinct worker_id from dagsmith.task_instance where run_id = $1 and task_id like 'g.%'",
    [id],
  );
  expect(took.length).toBeGreaterThan(1);
});
