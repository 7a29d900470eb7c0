/**
 * A DAG that catches up 100,000 intervals, and another that becomes due in the middle;
 * and a year of 50 hourly DAGs, simulated.
 */
import { pauseDag, unpauseDag } from "../../runtime/actions/index.ts";
import { createDueRuns } from "../../runtime/scheduler/jobs/create_runs.ts";
import { simulate } from "../../runtime/scheduler/simulation/simulate.ts";
import { deployVersions } from "../../runtime/store/dags/deploy.ts";
import { Plans } from "../../runtime/store/dags/plans.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { type DagOptions, dag } from "../../sdk/index.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { atMost, type Row } from "./row.ts";
import { openStand } from "./stand.ts";

const INTERVALS = 100_000;
const MINUTE_MS = 60_000;
const MB = 1_048_576;

export async function catchupRows(): Promise<readonly Row[]> {
  return [...(await catchup()), simulation()];
}

async function catchup(): Promise<readonly Row[]> {
  await using stand = await openStand();
  const { db } = stand;
  const startDate = new Date(
    Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - (INTERVALS + 10) * MINUTE_MS,
  );
  const endDate = new Date(startDate.getTime() + (INTERVALS - 1) * MINUTE_MS);
  const bounds = {
    startDate: startDate.toISOString(),
    endDate: endDate.toISOString(),
    catchup: true,
  } as const;
  await deploy(db, spec("long", { schedule: "* * * * *", ...bounds, maxActiveRuns: 1_000 }));
  const plans = new Plans();
  const startedAt = performance.now();
  const first = await rssAfter(() => createDueRuns(db, plans));
  // Another becomes due while the first is still at it.
  const [, quickMs] = await Promise.all([createDueRuns(db, plans), quickDelay(db)]);
  const pauseMs = await pauseDelay(db, plans);
  let most = first;
  while ((await count(db, "long")) < INTERVALS)
    most = Math.max(most, await rssAfter(() => createDueRuns(db, plans)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const [distinct] = await db.query<{ count: number }>(
    {
      name: "bench_distinct",
      text: "select count(distinct logical_date)::int as count from dagsmith.dag_run where dag_id = 'long'",
    },
    [],
  );
  if (distinct?.count !== INTERVALS)
    throw new Error(`${distinct?.count} of ${INTERVALS} intervals ran`);
  const grownMb = (most - first) / MB;
  return [
    atMost(
      "catchup of 100,000 intervals of one DAG: all runs created, begun and ended",
      seconds,
      "s",
      120,
      `memory grew by ${grownMb.toFixed(0)} MB`,
    ),
    atMost("meanwhile, another DAG that becomes due: until its run is there", quickMs, "ms", 1_000),
    atMost("meanwhile, pausing it: until no further run is made", pauseMs, "ms", 1_000),
  ];
}

async function rssAfter(work: () => Promise<unknown>): Promise<number> {
  await work();
  return process.memoryUsage().rss;
}

/**
 * Deploys a DAG that is due at once, and waits for its run. Its scheduler is busy with
 * the other.
 */
async function quickDelay(db: Database): Promise<number> {
  await deploy(db, spec("quick", { schedule: "* * * * *", startDate: "2026-01-01" }));
  const startedAt = performance.now();
  while ((await count(db, "quick")) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return performance.now() - startedAt;
}

/** Pauses the DAG while it catches up; how long until its last new run. */
async function pauseDelay(db: Database, plans: Plans): Promise<number> {
  const ticking = createDueRuns(db, plans);
  const startedAt = performance.now();
  await pauseDag(db, { dagId: "long", actor: "bench" });
  await ticking;
  const pausedMs = performance.now() - startedAt;
  const before = await count(db, "long");
  await createDueRuns(db, plans);
  if ((await count(db, "long")) !== before) throw new Error("a paused DAG got a run");
  await unpauseDag(db, { dagId: "long", actor: "bench" });
  return pausedMs;
}

async function count(db: Database, dagId: string): Promise<number> {
  const text = "select count(*)::int as count from dagsmith.dag_run where dag_id = $1";
  return (
    (await db.query<{ count: number }>({ name: "bench_count_runs", text }, [dagId]))[0]?.count ?? 0
  );
}

/** A year of 50 hourly DAGs in three zones, of which every other catches up. */
function simulation(): Row {
  const zones = ["UTC", "Europe/Zurich", "America/New_York"];
  const dags = Array.from({ length: 50 }, (_, index) => ({
    spec: spec(`hourly_${index}`, {
      ...{
        schedule: "@hourly",
        startDate: "2025-01-01",
        catchup: index % 2 === 0,
        timezone: zones[index % zones.length] ?? "UTC",
      },
    }),
    durationMs: 10 * MINUTE_MS,
  }));
  const startedAt = performance.now();
  const { decisions } = simulate({
    dags,
    from: new Date("2026-01-01T00:00:00Z"),
    to: new Date("2026-12-31T23:59:59Z"),
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  if (decisions.length !== 50 * 365 * 24) throw new Error(`${decisions.length} decisions`);
  return atMost("dag simulate: a year of 50 hourly DAGs", seconds, "s", 5);
}

function spec(id: string, options: DagOptions): DagSpec {
  const d = dag(id, options);
  d.empty("a");
  return describeDag(d);
}

async function deploy(db: Database, one: DagSpec): Promise<void> {
  const { dagId } = one;
  const version = {
    dagId,
    versionHash: dagId,
    bundleHash: "bundle",
    file: `${dagId}.ts`,
    spec: one,
    positions: {},
  };
  await db.transaction((tx) =>
    deployVersions(tx, [{ ...version, code: Buffer.from(""), sourceMap: Buffer.from("") }]),
  );
}
