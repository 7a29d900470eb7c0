/** What dead workers leave behind, and who finds it. */
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { rescueOrphans } from "../../../runtime/scheduler/jobs/rescue_tries.ts";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { unlockOrphanedJobs } from "../../../runtime/store/fleet/orphaned_job.ts";
import { declareLost, registerWorker } from "../../../runtime/store/fleet/worker.ts";
import { type Dag, dag } from "../../../sdk/dag/dag.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { driverOf, runnable } from "../../support/engine_driver.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { until } from "../../support/worker.ts";

const postgres = migratedDatabase();

let last = 0;
/** A run of one task, and its instance, not yet taken. */
async function waiting() {
  last += 1;
  const d = dag(`rescued_${last}`) as unknown as Dag<unknown>;
  d.task("a", async () => null);
  await known(postgres.db, describeDag(d));
  const { id } = await triggerRun(postgres.db, { dagId: d.dagId, actor: "ann" });
  const driver = driverOf(postgres.db, new Plans(), id);
  const [instance] = runnable(await driver.look());
  return { driver, instance: instance! };
}

/** A worker whose last beat was so long ago. */
async function worker(id: string, silentSeconds: number): Promise<void> {
  await registerWorker(postgres.db, {
    id,
    poolId: `pool-${id}`,
    hostname: "host",
    pid: 7,
    slots: 1,
  });
  await rows(
    postgres.db,
    "update dagsmith.worker set heartbeat_at = now() - $2 * interval '1 second' where id = $1",
    [id, silentSeconds],
  );
}

/** Servers that have just started give workers time to come back; this one counts as long started. */
const serverIsOld = () =>
  until("the server's first seconds to pass", async () => {
    const [row] = await rows<{ old: boolean }>(
      postgres.db,
      "select pg_postmaster_start_time() < now() - interval '12 seconds' as old",
    );
    return row!.old;
  });

const lostIds = async (): Promise<readonly string[]> =>
  (await declareLost(postgres.db)).map(({ id }) => id);

describe("a worker", () => {
  test("that misses a beat is lost when its session is gone, and not while it holds it", async () => {
    await serverIsOld();
    await worker("gone", 5);
    await worker("slow", 5);
    const session = new Client({ connectionString: postgres.db.url });
    await session.connect();
    await session.query("select pg_advisory_lock(hashtextextended('slow', 0))");
    expect(await lostIds()).toEqual(["gone"]);
    expect(await lostIds()).toEqual([]);
    await session.end();
    expect(await until("the loss", async () => (await lostIds())[0])).toBe("slow");
  });

  test("that beats is not lost, session or not", async () => {
    await serverIsOld();
    await worker("alive", 1);
    expect(await lostIds()).toEqual([]);
  });

  test("that is silent for long is lost even while it holds its session", async () => {
    await serverIsOld();
    await worker("stuck", 20);
    const session = new Client({ connectionString: postgres.db.url });
    await session.connect();
    await session.query("select pg_advisory_lock(hashtextextended('stuck', 0))");
    expect(await lostIds()).toEqual(["stuck"]);
    await session.end();
  });

  test("is declared lost once by many schedulers at once", async () => {
    await serverIsOld();
    await worker("contested", 20);
    const declared = await Promise.all(Array.from({ length: 6 }, lostIds));
    expect(declared.flat()).toEqual(["contested"]);
  });
});

describe("a try", () => {
  test("of a lost worker is given to others once, and one of a living worker stays where it is", async () => {
    await worker("living", 0);
    await worker("dead", 0);
    await rows(postgres.db, "update dagsmith.worker set state = 'lost' where id = 'dead'");
    const [kept, lost] = [await waiting(), await waiting()];
    await kept.driver.take(kept.instance, "living");
    await lost.driver.take(lost.instance, "dead");
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
    const said: string[] = [];
    const scheduler = startScheduler({
      db: postgres.db,
      log: (event) => void said.push(event),
    });
    await until("the token to be free", async () => (await holder(stranded.instance.id)) === null);
    await scheduler.stop();
    expect(said).toContain("jobs unlocked");
  });
});
