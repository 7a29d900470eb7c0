/**
 * A real worker with real task processes on a test's database; DAGs deployed from a real
 * folder; what runs left behind.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployFolder } from "../../runtime/actions/deploy.ts";
import { triggerRun } from "../../runtime/actions/trigger.ts";
import { loadFolder } from "../../runtime/bundler/folder.ts";
import type { Secrets } from "../../runtime/executor/attempt.ts";
import { startWorker, type WorkerService } from "../../runtime/executor/supervisor.ts";
import type { WorkerOptions } from "../../runtime/executor/worker.ts";
import type { EventName } from "../../runtime/service/events.ts";
import type { Database, Queryable } from "../../runtime/store/database/database.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import { rows } from "./migrated.ts";
import { isAlive } from "./processes.ts";
import { until } from "./until.ts";

export const PASSWORD = "hunter2-s3cret";

/** One connection, `warehouse`, and one variable, `region`. */
export const secrets: Secrets = {
  connection: async (id) => {
    if (id !== "warehouse")
      throw new DagsmithError("CONNECTION_NOT_FOUND", { id, variable: "DAG_CONN_X" });
    return {
      id,
      type: "postgres",
      host: "db",
      port: null,
      login: "etl",
      password: PASSWORD,
      schema: null,
      extra: {},
    };
  },
  variable: async (key) => (key === "region" ? "eu" : null),
  mask: (text) => text.replaceAll(PASSWORD, "***"),
  learnParams: () => undefined,
};

const { PATH, NODE_COMPILE_CACHE } = process.env;

export interface TestWorker extends Pick<WorkerService, "id" | "stop"> {
  readonly cacheFolder: string;
  /** What it had to say, by event. */
  readonly said: {
    readonly event: EventName;
    readonly detail: Readonly<Record<string, unknown>> | undefined;
  }[];
}

/** A worker with a cache folder of its own, which goes when it stops. */
export async function testWorker(
  db: Database,
  options: Partial<WorkerOptions> = {},
): Promise<TestWorker> {
  const cacheFolder = options.cacheFolder ?? (await mkdtemp(join(tmpdir(), "dagsmith-cache-")));
  const said: TestWorker["said"] = [];
  const worker = await startWorker({
    ...{ db, secrets, slots: 4, folder: process.cwd(), cacheFolder },
    log: (event, detail) => void said.push({ event, detail }),
    ...options,
    taskEnv: { NODE_COMPILE_CACHE, ...(options.taskEnv ?? { PATH }) },
  });
  return {
    cacheFolder,
    said,
    get id() {
      return worker.id;
    },
    stop: async () => {
      await worker.stop();
      await rm(cacheFolder, { recursive: true, force: true });
    },
  };
}

/** Deploys a folder; a DAG that cannot be loaded is this test's mistake. */
export async function deploy(db: Database, folder: string): Promise<void> {
  const loaded = await loadFolder(folder, {
    processes: 1,
    environment: { PATH, NODE_COMPILE_CACHE },
  });
  if (loaded.errors.length > 0)
    throw new Error(loaded.errors.map(({ message }) => message).join("\n"));
  await deployFolder(db, loaded, { actor: "test" });
}

export interface RanTask {
  readonly id: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly state: string;
  readonly tryNumber: number;
  readonly lostTries: number;
  readonly reason: string | null;
  readonly error: {
    readonly name: string;
    readonly message: string;
    readonly stack: string;
  } | null;
  readonly output: Json;
}

export interface RanRun {
  readonly id: number;
  readonly state: string;
  readonly tasks: readonly RanTask[];
  task(taskId: string, mapIndex?: number): RanTask;
}

/** A run and its tasks as they are now. */
export async function runNow(db: Queryable, id: number): Promise<RanRun> {
  const [run] = await rows<{ state: string }>(
    db,
    "select state from dagsmith.dag_run where id = $1",
    [id],
  );
  const tasks = await rows<RanTask & Record<string, unknown>>(
    db,
    `select t.id, t.task_id as "taskId", t.map_index as "mapIndex", t.state, t.try_number as "tryNumber", t.lost_tries as "lostTries",
       t.reason, t.error, x.value as output
     from dagsmith.task_instance t
     left join dagsmith.xcom x on x.run_id = t.run_id and x.task_id = t.task_id and x.map_index = t.map_index and x.key = 'return_value'
     where t.run_id = $1 order by t.id`,
    [id],
  );
  return {
    id,
    state: run!.state,
    tasks,
    task: (taskId, mapIndex = -1) => {
      const found = tasks.find((one) => one.taskId === taskId && one.mapIndex === mapIndex);
      if (!found) throw new Error(`no instance of ${taskId} at ${mapIndex}`);
      return found;
    },
  };
}

/** Waits for a run to end. */
export function runEnd(db: Queryable, id: number, seconds?: number): Promise<RanRun> {
  return until(
    `the end of run ${id}`,
    async () => {
      const run = await runNow(db, id);
      return run.state !== "queued" && run.state !== "running" && run;
    },
    seconds,
  );
}

/** Triggers a run and waits for its end. */
export async function runToEnd(db: Database, dagId: string, seconds?: number): Promise<RanRun> {
  const { id } = await triggerRun(db, { dagId, actor: "test" });
  return runEnd(db, id, seconds);
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly source: string;
  readonly text: string;
}

/** The log of a try, by default the current one. */
export async function logOf(
  db: Queryable,
  { id, tryNumber }: Pick<RanTask, "id" | "tryNumber">,
): Promise<readonly LogLine[]> {
  const chunks = await rows<{ lines: string }>(
    db,
    "select lines from dagsmith.log_chunk where task_instance_id = $1 and try_number = $2 order by seq",
    [id, tryNumber],
  );
  return chunks
    .map(({ lines }) => lines)
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LogLine);
}

/** Whether a process has ended. */
export const isGone = (pid: number): boolean => !isAlive(pid);
