/**
 * What dagsmith needs when it has nothing to do: the memory of `dag start`, and the
 * processor time of a scheduler with 5,000 DAGs that are not due. And how much slower the
 * first wide run after a start is than the second. Measured on the build.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { deployVersions } from "../../runtime/store/dags/deploy.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { dag } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { familyMegabytes, familySeconds } from "./processor_time.ts";
import { atMost, type Row } from "./row.ts";
import { openStand, type Stand } from "./stand.ts";

const BIN = fileURLToPath(new URL("../../dist/runtime/cli/bin.js", import.meta.url));
const DAGS = 5_000;
const WIDTH = 200;
/** Services settle, and then their processor time is counted. */
const SETTLE_MS = 20_000;
const COUNTED_MS = 30_000;

const WIDE = `
import { dag } from "dagsmith";
const d = dag("wide");
for (let i = 0; i < ${WIDTH}; i++) d.task("task_" + i, async () => {});
export default d;
`;

export async function idleRows(): Promise<readonly Row[]> {
  return [...(await started()), await idleScheduler()];
}

async function started(): Promise<readonly Row[]> {
  await using stand = await openStand();
  return await withService(stand, ["start"], async ({ pid = 0 }) => {
    await pause(SETTLE_MS);
    const memory = familyMegabytes(pid);
    const [first, second] = [await stand.run("wide"), await stand.run("wide")];
    return [
      atMost("memory of an idle `dag start`, with its task processes", memory, "MB", 150),
      atMost(
        `the first run of ${WIDTH} tasks after a start, over the second`,
        (first.ms - second.ms) / 1_000,
        "s",
        0.3,
        `the second took ${(second.ms / 1_000).toFixed(2)} s`,
      ),
    ];
  });
}

async function idleScheduler(): Promise<Row> {
  await using stand = await openStand();
  const versions = Array.from({ length: DAGS }, (_, index) => idleVersion(index));
  await stand.db.transaction((tx) => deployVersions(tx, versions));
  return await withService(stand, ["scheduler"], async ({ pid = 0 }) => {
    await pause(SETTLE_MS);
    const before = familySeconds(pid);
    await pause(COUNTED_MS);
    const cores = (familySeconds(pid) - before) / (COUNTED_MS / 1_000);
    return atMost(`a scheduler with ${DAGS} DAGs that are not due`, cores, "cores", 0.02);
  });
}

function idleVersion(index: number) {
  const d = dag(`idle_${index}`, { schedule: "0 0 1 1 *", startDate: "2026-01-01" });
  d.task("work", async () => undefined);
  const empty = Buffer.from("");
  return {
    ...{ dagId: d.dagId, versionHash: `${index}`, bundleHash: "bundle" },
    ...{ file: `idle_${index}.ts`, spec: describeDag(d), positions: {} },
    ...{ code: empty, sourceMap: empty },
  };
}

async function withService<Result>(
  { db }: Stand,
  args: readonly string[],
  measure: (service: ChildProcess) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bench-"));
  // `dag start` deploys it, as for users: what the deployment needed must be gone afterwards.
  await mkdir(join(folder, "dags"));
  await writeFile(join(folder, "dags", "wide.js"), WIDE);
  const { PATH, HOME } = process.env;
  const service = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { PATH, HOME, DATABASE_URL: db.url, DAG_WEB_PORT: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    await until("a scheduler that is up", () => isUp(db));
    return await measure(service);
  } finally {
    service.kill("SIGTERM");
    await once(service, "exit");
    await rm(folder, { recursive: true, force: true });
  }
}

async function isUp(db: Database): Promise<boolean> {
  const text = "select 1 from dagsmith.scheduler";
  return (await db.query({ name: "bench_scheduler_up", text })).length > 0;
}
