/** What dead workers leave behind, and who finds it. */

import { Client } from "pg";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { setPool, triggerRun } from "../../../runtime/actions/index.ts";
import { findLostWorkers, rescueOrphans } from "../../../runtime/scheduler/jobs/rescue_tries.ts";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import { Silence } from "../../../runtime/scheduler/silence.ts";
import type { EventName } from "../../../runtime/service/events.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { declareLost, heartbeats } from "../../../runtime/store/fleet/lost_worker.ts";
import { unlockOrphanedJobs } from "../../../runtime/store/fleet/orphaned_job.ts";
import { registerWorker } from "../../../runtime/store/fleet/worker.ts";
import { startTries } from "../../../runtime/store/instances/start_tries.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { driverOf, runnable } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/until.ts";

const postgres = migratedDatabase();

let last = 0;
/** A run of one task, and its instance, not yet taken. */
async function waiting(options: { readonly pool?: string } = {}) {
  last += 1;
  const d = dag(`rescued_${last}`) as unknown as Dag<unknown>;
  d.task("a", options, async () => null);
  await known(postgres.db, describeDag(d));
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ann" });
  const driver = driverOf(postgres.db, new Plans(), id);
  const [instance] = runnable(await driver.look());
  return { driver, instance: instance! };
}

/** A worker that never beats. */
async function worker(id: string): Promise<void> {
  await registerWorker(postgres.db, {
    id,
    poolId: `pool-${id}`,
    hostname: "host",
    pid: 7,
    sessionName: `sessions of ${id}`,
    slots: 1,
  });
}

const beat = (id: string) =>
  rows(postgres.db, "update dagsmith.worker set heartbeat_at = clock_timestamp() where id = $1", [
    id,
  ]);

/** A scheduler that looks at the workers as often as it is asked. */
function looking(silence = new Silence()) {
  return async (times = 1): Promise<readonly string[]> => {
    const lost: string[] = [];
    for (let look = 0; look < times; look++)
      lost.push(...(await findLostWorkers(postgres.db, silence)).map(({ id }) => id));
    return lost;
  };
}

/** A session that holds the lock of a worker. */
async function sessionOf(id: string): Promise<Client> {
  const session = new Client({ connectionString: postgres.db.url });
  session.on("error", () => undefined);
  onTestFinished(() => session.end());
  await session.connect();
  await session.query("select pg_advisory_lock(hashtextextended($1, 0))", [id]);
  return session;
}

/**
 * Servers that have just started give workers time to come back; this one counts as long
 * started.
 */
const serverIsOld = () =>
  until("the server's first seconds to pass", async () => {
    const [row] = await rows<{ old: boolean }>(
      postgres.db,
      "select pg_postmaster_start_time() < now() - interval '12 seconds' as old",
    );
    return row!.old;
  });

describe("a worker", () => {
  beforeEach(() => rows(postgres.db, "delete from dagsmith.worker"));

  test("that misses a beat is lost when its session is gone, and not while it holds it", async () => {
    await serverIsOld();
    for (const id of ["gone", "slow"]) await worker(id);
    const session = await sessionOf("slow");
    const look = looking();
    expect(await look(3)).toEqual([]);
    expect(await look()).toEqual(["gone"]);
    expect(await look(3)).toEqual([]);
    await session.end();
    expect(await until("the loss", async () => (await look())[0])).toBe("slow");
  });

  test("that beats is not lost, session or not", async () => {
    await serverIsOld();
    await worker("alive");
    const look = looking();
    for (let times = 0; times < 10; times++) {
      expect(await look(2)).toEqual([]);
      await beat("alive");
    }
  });

  test("that is silent for long is lost even while it holds its session", async () => {
    await worker("stuck");
    await sessionOf("stuck");
    const look = looking();
    expect(await look(12)).toEqual([]);
    expect(await look()).toEqual(["stuck"]);
  });

  test("is declared lost once by many schedulers at once", async () => {
    await worker("contested");
    const schedulers = Array.from({ length: 6 }, () => looking());
    await Promise.all(schedulers.map((look) => look(3)));
    const declared = await Promise.all(schedulers.map((look) => look(12)));
    expect(declared.flat()).toEqual(["contested"]);
  });

  test("has as long to come back after the server refused writes as after a restart of the server", async () => {
    await serverIsOld();
    await worker("refused");
    const silence = new Silence();
    const look = looking(silence);
    expect(await look(2)).toEqual([]);
    const refused = await heartbeats(postgres.db);
    expect(silence.look({ ...refused, isAfterRefusal: true })).toEqual([]);
    expect(await look(11)).toEqual([]);
    expect(await look()).toEqual(["refused"]);
  });

  test("that beats again between a look and the declaration is not lost", async () => {
    await worker("back");
    const silent = { ...(await heartbeats(postgres.db)).seen.find(({ id }) => id === "back")! };
    await beat("back");
    expect(await declareLost(postgres.db, [{ ...silent, isDead: true }])).toEqual([]);
  });

  test("is not lost by a clock of the database that is set an hour forward or back", async () => {
    await serverIsOld();
    await worker("timeless");
    const look = looking();
    for (const hours of [1, -1, 0]) {
      await rows(
        postgres.db,
        "update dagsmith.worker set heartbeat_at = clock_timestamp() - $1 * interval '1 hour' where id = 'timeless'",
        [hours],
      );
      expect(await look(3)).toEqual([]);
    }
  });

  test("loses its sessions with its lease, and other sessions stay", async () => {
    await worker("frozen");
    const [frozen, other] = [openDatabase(postgres.db.url), openDatabase(postgres.db.url)];
    onTestFinished(async () => void (await Promise.all([frozen.close(), other.close()])));
    await rows(postgres.db, "update dagsmith.worker set session_name = $1 where id = 'frozen'", [
      frozen.sessionName,
    ]);
    const pid = async (db: Database) =>
      (await rows<{ pid: number }>(db, "select pg_backend_pid() as pid"))[0]!.pid;
    const before = [await pid(frozen), await pid(other)];
    const look = looking();
    expect(await look(13)).toEqual(["frozen"]);
    await until("a new session", async () => (await pid(frozen)) !== before[0]);
    expect(await pid(other)).toBe(before[1]);
  });

  test("that was declared lost claims nothing, and one without a row neither", async () => {
    await worker("deposed");
    await rows(postgres.db, "update dagsmith.worker set state = 'lost' where id = 'deposed'");
    const { instance } = await waiting();
    const ref = { instanceId: instance.id, tryNumber: instance.tryNumber };
    for (const id of ["deposed", "unknown"])
      expect(await startTries(postgres.db, id, [ref])).toEqual([]);
    await worker("chosen");
    expect(await startTries(postgres.db, "chosen", [ref])).toHaveLength(1);
  });
});

describe("a try", () => {
  const lose = (id: string) =>
    rows(postgres.db, "update dagsmith.worker set state = 'lost' where id = $1", [id]);

  test("of a lost worker is given to others once, and one of a living worker stays where it is", async () => {
    await worker("living");
    await worker("dead");
    const [kept, lost] = [await waiting(), await waiting()];
    await kept.driver.take(kept.instance, "living");
    await lost.driver.take(lost.instance, "dead");
    await lose("dead");
    const rescued = await Promise.all([1, 2, 3].map(() => rescueOrphans(postgres.db, new Plans())));
    expect(rescued.reduce((a, b) => a + b, 0)).toBe(1);
    expect((await kept.driver.look()).instances[0]).toMatchObject({
      state: "running",
      tryNumber: 1,
    });
    expect((await lost.driver.look()).instances[0]).toMatchObject({
      state: "queued",
      tryNumber: 2,
      lostTries: 1,
    });
    expect(await lost.driver.tokens()).toHaveLength(2);
  });

  test.each([
    [
      "without limits",
      {},
      "select run_at as at from dagsmith_queue._private_jobs where (payload ->> 'ti')::bigint = $1 order by id desc limit 1",
    ],
    [
      "in a pool",
      { pool: "ample" },
      "select not_before as at from dagsmith.slot_request where instance_id = $1",
    ],
  ])(
    "%s begins again at once after the first death, and after a pause after the second",
    async (_, options, due) => {
      await setPool(postgres.db, { name: "ample", slots: 4, actor: "ann" });
      const { driver, instance } = await waiting(options);
      const pauses: number[] = [];
      for (const id of [`first of ${last}`, `second of ${last}`]) {
        await worker(id);
        await driver.take((await driver.look()).instances[0]!, id);
        await lose(id);
        await rescueOrphans(postgres.db, new Plans());
        const [row] = await rows<{ ms: number | null }>(
          postgres.db,
          `select extract(epoch from at - now())::float8 * 1000 as ms from (${due}) due`,
          [instance.id],
        );
        pauses.push(row?.ms ?? 0);
      }
      expect(pauses[0]).toBeLessThanOrEqual(0);
      expect(pauses[1]).toBeGreaterThan(0);
      expect(pauses[1]).toBeLessThanOrEqual(2_000);
    },
  );

  test("is rescued while a frozen transaction holds the run of another, which is rescued later", async () => {
    await worker("buried");
    const [held, free] = [await waiting(), await waiting()];
    for (const { driver, instance } of [held, free]) await driver.take(instance, "buried");
    await lose("buried");
    const frozen = new Client({ connectionString: postgres.db.url });
    await frozen.connect();
    await frozen.query("begin");
    await frozen.query("select from dagsmith.dag_run where id = $1 for update", [
      held.instance.runId,
    ]);
    const states = async () => [
      (await held.driver.look()).instances[0]!.tryNumber,
      (await free.driver.look()).instances[0]!.tryNumber,
    ];
    expect(await rescueOrphans(postgres.db, new Plans())).toBe(1);
    expect(await states()).toEqual([1, 2]);
    await frozen.end();
    await until("the other rescue", async () => rescueOrphans(postgres.db, new Plans()));
    expect(await states()).toEqual([2, 2]);
  });
});

describe("a token", () => {
  const lock = (instance: number, by: string, seconds: number) =>
    rows(
      postgres.db,
      `update dagsmith_queue._private_jobs set locked_by = $2, locked_at = now() - $3 * interval '1 second', attempts = 1
       where (payload ->> 'ti')::bigint = $1`,
      [instance, by, seconds],
    );
  const holder = async (instance: number) =>
    (
      await rows<{ locked_by: string | null }>(
        postgres.db,
        "select locked_by from dagsmith_queue._private_jobs where (payload ->> 'ti')::bigint = $1",
        [instance],
      )
    )[0]?.locked_by;

  test("whose fetch was answered to nobody is freed; one just fetched, or of a task that runs, is not", async () => {
    const [stranded, fetched, running] = [await waiting(), await waiting(), await waiting()];
    await running.driver.take(running.instance, "living");
    await lock(stranded.instance.id, "pool-living", 60);
    await lock(fetched.instance.id, "pool-living", 1);
    await lock(running.instance.id, "pool-living", 3_600);
    expect(await unlockOrphanedJobs(postgres.db)).toBe(1);
    expect([
      await holder(stranded.instance.id),
      await holder(fetched.instance.id),
      await holder(running.instance.id),
    ]).toEqual([...[null, "pool-living", "pool-living"]]);
  });

  test("that is stranded is found by any scheduler", async () => {
    const stranded = await waiting();
    await lock(stranded.instance.id, "pool-of-nobody", 60);
    const said: EventName[] = [];
    const scheduler = startScheduler({
      db: postgres.db,
      log: (event) => void said.push(event),
    });
    await until("the token to be free", async () => (await holder(stranded.instance.id)) === null);
    await scheduler.stop();
    expect(said).toContain("jobs_unlocked");
  });
});
