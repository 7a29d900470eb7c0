/** The large rows that the page is measured with, each kind in DAGs of its own. */
import { deployVersions } from "../../runtime/store/dags/deploy.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { versionOf } from "../support/migrated.ts";
import { dagSpec, Rows, taskSpec } from "../support/rows.ts";

const DAY_MS = 86_400_000;
const BEGUN = Date.parse("2026-01-01");
const LOG_CHUNKS = 8_192;
const LOG_CHUNK_BYTES = 131_072;

/** What is measured, to the address of its page. */
export type Screens = Readonly<Record<string, string>>;

export async function fillPages(db: Database): Promise<Screens> {
  const rows = new Rows(db.pool);
  const screens = {
    ...(await manyDags(db, rows)),
    "grid of 200 tasks x 50 runs": await wideGrid(rows),
    ...(await mapped(rows)),
    "task with a log of 1 GB": await longLog(rows),
    ...(await manyRuns(rows)),
    "graph of 300 tasks": await largeGraph(rows),
  };
  await db.pool.query("vacuum analyze");
  return screens;
}

async function manyDags(db: Database, rows: Rows): Promise<Screens> {
  const ids = Array.from({ length: 500 }, (_, n) => `team_${n % 20}_load_${n}`);
  const versions = ids.map((id) => versionOf(dagSpec(id, { tags: [`team-${id.split("_")[1]}`] })));
  await db.transaction((tx) => deployVersions(tx, versions));
  const deployed = await rows.sql("select dag_id, version_id from dagsmith.dag");
  await rows.runs(
    deployed.flatMap(({ dag_id, version_id }) =>
      Array.from({ length: 14 }, (_, n) => ({
        ...{ dagId: String(dag_id), versionId: Number(version_id) },
        startedAt: new Date(BEGUN + n * DAY_MS),
      })),
    ),
  );
  return {
    "home of 500 DAGs x 14 runs": "/",
    "home with all 500 DAGs at once": "/?limit=500",
  };
}

async function wideGrid(rows: Rows): Promise<string> {
  const tasks = Array.from({ length: 200 }, (_, n) => taskSpec(`extract_and_load_number_${n}`));
  const versionId = await rows.dag(dagSpec("wide", { tasks }));
  const runs = await rows.runs(Array(50).fill({ dagId: "wide", versionId }));
  await rows.instances(
    runs.flatMap((runId) => tasks.map(({ taskId }) => ({ runId, taskId, state: "success" }))),
  );
  return "/dags/wide?runs=50";
}

async function mapped(rows: Rows): Promise<Screens> {
  const tasks = [taskSpec("list"), taskSpec("each", { each: { taskId: "list" } })];
  const run = await rows.run("mapped", await rows.dag(dagSpec("mapped", { tasks })));
  await rows.sql(
    `insert into dagsmith.task_counter
       (run_id, task_id, upstream_total, instances, released, own_success, own_failed)
     values ($1, 'each', 1, 10000, 10000, 10000, 0)`,
    [run],
  );
  await rows.instances(
    Array.from({ length: 10_000 }, (_, mapIndex) => ({
      ...{ runId: run, taskId: "each", mapIndex, state: "success" },
    })),
  );
  return {
    "run with 10,000 mapped instances": `/runs/${run}`,
    "task with 10,000 mapped instances": `/runs/${run}/tasks/each`,
  };
}

/** Chunks of the size that a worker stores. */
async function longLog(rows: Rows): Promise<string> {
  const run = await rows.run("logs", await rows.dag(dagSpec("logs")));
  const instance = await rows.instance(run, "only", { state: "success" });
  const text = "one of very many lines ".repeat(8);
  const line = `${JSON.stringify({ time: "2026-01-01T04:00:00.000Z", level: "info", source: "task", text })}\n`;
  await rows.sql(
    `insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines)
     select $1, 1, n, repeat($2, $3) from generate_series(0, $4::int - 1) n`,
    [instance, line, Math.ceil(LOG_CHUNK_BYTES / line.length), LOG_CHUNKS],
  );
  return `/runs/${run}/tasks/only`;
}

async function manyRuns(rows: Rows): Promise<Screens> {
  const versionId = await rows.dag(dagSpec("often"));
  for (let part = 0; part < 10; part++)
    await rows.runs(
      Array.from({ length: 10_000 }, (_, n) => ({
        ...{ dagId: "often", versionId },
        startedAt: new Date(BEGUN + (part * 10_000 + n) * 60_000),
      })),
    );
  return {
    "list of 100,000 runs": "/runs",
    "runs of a DAG with 100,000 runs": "/dags/often/runs",
  };
}

/** Thirty layers of ten tasks; each waits for two tasks of the layer before. */
async function largeGraph(rows: Rows): Promise<string> {
  const id = (layer: number, n: number): string => `layer_${layer}_task_${n % 10}`;
  const tasks = Array.from({ length: 300 }, (_, at) => {
    const [layer, n] = [Math.floor(at / 10), at % 10];
    const upstream = layer === 0 ? [] : [id(layer - 1, n), id(layer - 1, n + 1)];
    return taskSpec(id(layer, n), { upstream });
  });
  await rows.dag(dagSpec("graph", { tasks }));
  return "/dags/graph/graph";
}
