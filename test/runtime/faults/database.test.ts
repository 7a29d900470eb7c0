/**
 * A database that goes away and comes back, and connections that break, while a run is
 * under way.
 */
import { expect, onTestFinished, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { openDatabase } from "../../../runtime/store/database/database.ts";
import { TcpProxy } from "../../chaos/proxy.ts";
import type { Server } from "../../chaos/server.ts";
import { rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";
import { runEnd, runNow } from "../../support/worker.ts";
import { expectEachOnce, waiting, wide } from "./dags.ts";
import { expectUnshaken, ownServer, type UnderWay, underWay } from "./under_way.ts";

/**
 * How long the database is away. `npm run test:services` takes longer than any time-out
 * of a service: see database_away.services.ts.
 */
const AWAY_MS = 10_000;

const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The run succeeded, each of its tasks once, and the services hardly noticed. */
async function expectWhole({ db }: Server, { gate, run, services }: UnderWay): Promise<void> {
  const end = await runEnd(db, run.id, 90);
  expect(end.state).toBe("success");
  expectEachOnce(
    await gate.notes(),
    end.tasks.filter(({ taskId }) => taskId === "each"),
  );
  await expectUnshaken(services);
}

/** Does a fault again and again until the run has ended. @returns how often */
async function untilEnd(
  { db }: Server,
  { run }: UnderWay,
  fault: () => Promise<unknown>,
): Promise<number> {
  let times = 0;
  await until(
    "the end of the run",
    async () => {
      await fault();
      times += 1;
      return (await runNow(db, run.id)).state !== "running";
    },
    120,
  );
  return times;
}

test("a run outlives a database that is away for ten seconds: no process ends, nothing is lost, no try begins twice", async () => {
  const server = await ownServer();
  const text = wide("outlives", 200, 100);
  const going = await underWay(server, { id: "outlives", text, notes: 80 });
  await server.away(async () => {
    // The length of the absence is what is tested here; nothing waits for a signal.
    await passing(AWAY_MS);
    expect(going.services.map(({ ended }) => ended)).toEqual([null, null, null]);
  });
  await expectWhole(server, going);
});

test("a run outlives a server process that is restarted again and again, in order and by crashes", async () => {
  const server = await ownServer();
  const text = wide("restarted", 400, 40);
  const going = await underWay(server, { id: "restarted", text, notes: 40 });
  let crash = false;
  const restarts = await untilEnd(server, going, async () => {
    crash = !crash;
    await server.restart({ crash });
    // Up for a moment, in which some of the work is done.
    await passing(600);
  });
  expect(restarts).toBeGreaterThan(2);
  await expectWhole(server, going);
});

test("the try of a dead worker is rescued although the server restarts every three seconds", async () => {
  const server = await ownServer();
  const text = waiting("orphaned");
  const { gate, run, services } = await underWay(server, { id: "orphaned", text, notes: 1 });
  const [{ worker } = { worker: "" }] = await rows<{ worker: string }>(
    server.db,
    "select worker_id as worker from dagsmith.task_instance where run_id = $1",
    [run.id],
  );
  await services.find(({ pid }) => worker.includes(`-${pid}-`))?.end("SIGKILL");
  await until(
    "the next try",
    async () => {
      await server.restart({ crash: true });
      await passing(3_000);
      return (await gate.notes()).some((note) => note.startsWith(`start ${run.runId} 2 `));
    },
    60,
  );
  await gate.open();
  const end = await runEnd(server.db, run.id);
  expect(end.task("waits")).toMatchObject({ state: "success", tryNumber: 2, lostTries: 1 });
});

test("a run that was triggered without a notification of the queue is found by the next look at the queue", async () => {
  const server = await ownServer();
  const going = await underWay(server, { id: "heard", text: wide("heard", 5, 0), notes: 5 });
  await runEnd(server.db, going.run.id);
  // Triggers, and so the notification, do not run in such a session.
  const url = new URL(server.url);
  url.searchParams.set("options", "-c session_replication_role=replica");
  const silent = openDatabase(url.href);
  onTestFinished(() => silent.close());
  const { id } = await triggerRun(silent, { dagId: "heard", actor: "test" });
  expect((await runEnd(server.db, id)).state).toBe("success");
  await expectUnshaken(going.services);
});

test("a run outlives a server that ends every connection, again and again", async () => {
  const server = await ownServer();
  const going = await underWay(server, { id: "cut", text: wide("cut", 400, 40), notes: 40 });
  const cuts = await untilEnd(server, going, async () => {
    await rows(
      server.db,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'dagsmith%' and pid <> pg_backend_pid()",
    );
    await passing(400);
  });
  expect(cuts).toBeGreaterThan(2);
  await expectWhole(server, going);
});

test("a run outlives a network that flaps: connections are reset, silent, slow and well again", async () => {
  const server = await ownServer();
  const proxy = await TcpProxy.before(server.port);
  onTestFinished(() => proxy.close());
  const url = new URL(server.url);
  url.port = String(proxy.port);
  const text = wide("flaps", 400, 40);
  const going = await underWay(server, { id: "flaps", text, notes: 40, url: url.href });
  const faults = [() => proxy.reset(), () => proxy.silence(), () => proxy.slow(30)];
  let next = 0;
  const flaps = await untilEnd(server, going, async () => {
    faults[next++ % faults.length]?.();
    await passing(300);
    proxy.heal();
    await passing(300);
  });
  expect(flaps).toBeGreaterThan(2);
  await expectWhole(server, going);
});
