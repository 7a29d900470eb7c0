/**
 * What falls silent instead of breaking: frozen processes, connections on which nothing
 * arrives any more. Nothing else stands still.
 */
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { type Gate, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { type Connection, silentProxy } from "../../support/silent_proxy.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd, runToEnd, testWorker } from "../../support/worker.ts";
import { expectEachOnce, waiting, wide } from "./dags.ts";

const postgres = migratedDatabase();
const me = { actor: "test" };

const service = (role: "scheduler" | "worker", gate: Gate, url: string = postgres.db.url) =>
  startService(role, { DATABASE_URL: url, ...gate.env });

const deployed = async (files: Readonly<Record<string, string>>): Promise<void> =>
  deploy(postgres.db, await dagFolder(files));

const workerOf = async (pid: number) =>
  (
    await rows<{ id: string; state: string }>(
      postgres.db,
      "select id, state from dagsmith.worker where pid = $1 order by started_at desc",
      [pid],
    )
  )[0];

/** Whether the newest heartbeat is so many seconds after the start. */
const beatFor = async (id: string, seconds: number): Promise<boolean> =>
  (
    await rows(
      postgres.db,
      "select from dagsmith.worker where id = $1 and heartbeat_at > started_at + $2 * interval '1 second'",
      [id, seconds],
    )
  ).length > 0;

/**
 * Sessions that hold locks of a transaction while their client has done nothing for a
 * second.
 */
const frozenTransactions = () =>
  rows(
    postgres.db,
    "select from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and state_change < now() - interval '1 second'",
  );

test("a worker frozen inside a transaction holds nobody up, and runs nothing again when it thaws", async () => {
  const gate = await newGate();
  await gate.open();
  await deployed({ "held.js": wide("held", 40, 20), "free.js": waiting("free") });
  const proxy = await silentProxy(postgres.db.url);
  const [, frozen] = await Promise.all([
    service("scheduler", gate),
    service("worker", gate, proxy.url),
  ]);
  // The transaction that records ends has its run locked from this statement on.
  proxy.onSent = (text) => {
    if (!text.includes("task_try_remember") && !text.includes("dag_run_lock")) return;
    frozen.signal("SIGSTOP");
    proxy.onSent = () => undefined;
  };
  const run = await triggerRun(postgres.db, { dagId: "held", ...me });
  await until("a frozen transaction", async () => (await frozenTransactions()).length > 0);
  await service("worker", gate);
  const free = await runToEnd(postgres.db, "free", 15);
  expect(free.state).toBe("success");
  const end = await runEnd(postgres.db, run.id);
  const was = await workerOf(frozen.pid);
  expect([end.state, was?.state]).toEqual(["success", "lost"]);
  frozen.signal("SIGCONT");
  await until("its new life", async () => (await workerOf(frozen.pid))?.state === "active");
  expect((await runToEnd(postgres.db, "free")).state).toBe("success");
  expectEachOnce(
    (await gate.notes()).filter((note) => !note.includes("manual__")),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
});

test("a worker whose heartbeat falls silent beats again over another connection: no life ends, no try is lost", async () => {
  const gate = await newGate();
  await deployed({ "beats.js": waiting("beats") });
  const proxy = await silentProxy(postgres.db.url);
  const [scheduler, worker] = await Promise.all([
    service("scheduler", gate),
    service("worker", gate, proxy.url),
  ]);
  const run = await triggerRun(postgres.db, { dagId: "beats", ...me });
  const life = await workerOf(worker.pid);
  const carriesHeartbeats = (one: Connection): boolean => one.sent("worker_heartbeat");
  const first = await until("a heartbeat", async () => proxy.connections.find(carriesHeartbeats));
  first.silence();
  await rows(postgres.db, "update dagsmith.worker set started_at = now() where id = $1", [
    life!.id,
  ]);
  await until(
    "another connection",
    async () => proxy.connections.filter(carriesHeartbeats).length > 1,
  );
  await until("longer than a silent worker is waited for", async () => beatFor(life!.id, 14));
  await gate.open();
  const end = await runEnd(postgres.db, run.id);
  expect(end.task("waits")).toMatchObject({ state: "success", tryNumber: 1 });
  expect(await workerOf(worker.pid)).toEqual({ ...life, state: "active" });
  expect(
    scheduler.said.filter(({ event, pid }) => event === "worker_lost" && pid === worker.pid),
  ).toEqual([]);
});

test("a worker whose listening connection falls silent listens on another, and ends well", async () => {
  const gate = await newGate();
  const proxy = await silentProxy(postgres.db.url);
  const worker = await service("worker", gate, proxy.url);
  const listening = (): readonly Connection[] =>
    proxy.connections.filter((one) => one.sent("LISTEN"));
  const first = await until("a listening connection", async () => listening()[0]);
  first.silence();
  await until("another", async () => listening()[1]);
  await worker.end();
  expect(worker.ended).toBe("ended with code 0");
});

test("a scheduler whose connections fall silent says so, replaces them and goes on", async () => {
  const gate = await newGate();
  await gate.open();
  await deployed({ "resumes.js": waiting("resumes") });
  const proxy = await silentProxy(postgres.db.url);
  const [scheduler] = await Promise.all([
    service("scheduler", gate, proxy.url),
    service("worker", gate),
  ]);
  await until("its statements", async () =>
    proxy.connections.some((one) => one.sent("worker_heartbeats")),
  );
  for (const connection of proxy.connections) connection.silence();
  const said = (event: string): number =>
    scheduler.said.filter((line) => line.event === event).length;
  await until("the replacement", async () => said("connections_replaced") > 0, 60);
  await until("the loops to be back", async () => said("loops_recovered") > 0, 30);
  expect([said("loops_late"), said("connections_replaced")]).toEqual([1, 1]);
  await scheduler.end("SIGTERM");
  expect(scheduler.ended).toBe("ended with code 0");
}, 150_000);

test.each(["worker_take_lock", "worker_register", "dagsmith_queue"])(
  "a worker whose connection breaks while it starts, at %s, waits and starts",
  async (statement) => {
    await deployed({ "starts.js": wide("starts", 2, 0) });
    const proxy = await silentProxy(postgres.db.url);
    let broken = 0;
    proxy.onSent = (text, connection) => {
      if (broken > 0 || !text.includes(statement)) return;
      broken += 1;
      connection.end();
    };
    const gate = await newGate();
    await gate.open();
    const db = openDatabase(proxy.url);
    onTestFinished(() => db.close());
    const worker = await testWorker(db, { taskEnv: { PATH: process.env.PATH, ...gate.env } });
    onTestFinished(() => worker.stop());
    expect(broken).toBe(1);
    const run = await runToEnd(postgres.db, "starts");
    expect(run.state).toBe("success");
  },
);
