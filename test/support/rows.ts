/**
 * DAGs, runs, instances and logs in any state: for tests of what reads or moves them. It
 * is the one file of the tests that inserts such rows itself; whatever else makes runs
 * uses the product's own actions, as `engine_driver.ts` does.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { deployVersions } from "../../runtime/store/dags/deploy.ts";
import type { Queryable } from "../../runtime/store/database/database.ts";
import { rowsOf } from "../../runtime/store/database/unnest.ts";
import type { DagSpec, TaskSpec } from "../../sdk/spec/index.ts";
import { versionOf } from "./migrated.ts";

export function taskSpec(taskId: string, more: Partial<TaskSpec> = {}): TaskSpec {
  return {
    ...{
      taskId,
      operator: "task",
      doc: null,
      upstream: [],
      inputs: {},
      each: null,
      maxActive: null,
      triggerRule: "all_success",
    },
    ...{ startDate: null, endDate: null },
    ...{
      retries: 0,
      retryDelayMs: 300_000,
      retryBackoff: 1,
      maxRetryDelayMs: null,
      executionTimeoutMs: null,
      freshProcess: false,
    },
    ...{ outlets: [], inlets: [] },
    ...more,
  };
}

export function dagSpec(dagId: string, more: Partial<DagSpec> = {}): DagSpec {
  return {
    ...{
      dagId,
      description: null,
      tags: [],
      schedules: [],
      timezone: "UTC",
      startDate: null,
      endDate: null,
      catchup: "last",
    },
    ...{
      maxActiveRuns: 16,
      pausedAtCreation: false,
      paramsSchema: null,
      assets: null,
      assetDetails: {},
      on: [],
      tasks: [taskSpec("only")],
    },
    ...more,
  } as DagSpec;
}

export interface RunRow {
  readonly state?: "queued" | "running" | "success" | "failed";
  readonly runId?: string;
  readonly params?: unknown;
  readonly reason?: string;
  /** Default: now. */
  readonly startedAt?: Date;
  /** Default: 30 s. */
  readonly tookMs?: number;
  readonly timeoutAt?: Date;
  readonly backfill?: { readonly id: number; readonly ordinal: number };
}

export interface InstanceRow {
  readonly state: string;
  readonly mapIndex?: number;
  readonly tryNumber?: number;
  readonly startedAt?: Date;
  readonly tookMs?: number;
  readonly reason?: string;
  readonly error?: unknown;
  readonly item?: unknown;
  /** The worker of a try. Given, the try has begun, whatever the state. */
  readonly workerId?: string;
}

interface OwnedRun extends RunRow {
  readonly dagId: string;
  readonly versionId: number;
}

interface OwnedInstance extends InstanceRow {
  readonly runId: number;
  readonly taskId: string;
}

const startOf = ({ startedAt = new Date() }: { readonly startedAt?: Date }): Date => startedAt;
const json = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value);

const isEnded = ({ state = "success" }: RunRow): boolean =>
  state === "success" || state === "failed";

const RUNS = rowsOf<OwnedRun>({
  dag_id: ["text", ({ dagId }) => dagId],
  run_id: ["text", ({ runId }) => runId ?? `manual__${randomUUID()}`],
  run_type: ["text", () => "manual"],
  state: ["text", ({ state = "success" }) => state],
  version_id: ["bigint", ({ versionId }) => versionId],
  logical_date: ["timestamptz", startOf],
  data_interval_start: ["timestamptz", startOf],
  data_interval_end: ["timestamptz", startOf],
  run_after: ["timestamptz", startOf],
  params: ["json", ({ params = {} }) => JSON.stringify(params)],
  queued_at: ["timestamptz", startOf],
  started_at: ["timestamptz", (run) => (run.state === "queued" ? null : startOf(run))],
  timeout_at: ["timestamptz", ({ timeoutAt }) => timeoutAt ?? null],
  finished_at: [
    "timestamptz",
    (run) => (isEnded(run) ? new Date(startOf(run).getTime() + (run.tookMs ?? 30_000)) : null),
  ],
  reason: ["text", ({ reason }) => reason ?? null],
  backfill_id: ["bigint", ({ backfill }) => backfill?.id ?? null],
  backfill_ordinal: ["bigint", ({ backfill }) => backfill?.ordinal ?? null],
});

const BEGUN = ["running", "success", "failed"];
const FINAL = ["success", "failed", "skipped", "upstream_failed", "removed"];

const hasBegun = ({ state, workerId }: InstanceRow): boolean =>
  workerId !== undefined || BEGUN.includes(state);
const startOfTry = (row: InstanceRow): Date | null => (hasBegun(row) ? startOf(row) : null);

const INSTANCES = rowsOf<OwnedInstance>({
  run_id: ["bigint", ({ runId }) => runId],
  task_id: ["text", ({ taskId }) => taskId],
  map_index: ["int", ({ mapIndex = -1 }) => mapIndex],
  state: ["text", ({ state }) => state],
  try_number: ["int", ({ tryNumber = 1 }) => tryNumber],
  worker_id: ["text", (row) => (hasBegun(row) ? (row.workerId ?? "worker-1") : null)],
  queued_at: ["timestamptz", startOf],
  started_at: ["timestamptz", startOfTry],
  first_started_at: ["timestamptz", startOfTry],
  finished_at: [
    "timestamptz",
    (row) =>
      FINAL.includes(row.state) ? new Date(startOf(row).getTime() + (row.tookMs ?? 1_000)) : null,
  ],
  reason: ["text", ({ reason }) => reason ?? null],
  error: ["json", ({ error }) => json(error)],
  item: ["json", ({ item }) => json(item)],
});

/** Writes rows into one database. */
export class Rows {
  readonly #pool: Pool | PoolClient;

  /** @param pool a client writes within its transaction */
  constructor(pool: Pool | PoolClient) {
    this.#pool = pool;
  }

  async sql(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.#pool.query(text, [...values])).rows;
  }

  async #id(text: string, values: readonly unknown[]): Promise<number> {
    return Number((await this.sql(text, values))[0]?.id);
  }

  /** A DAG, or a further version of one. @returns the id of the version */
  async dag(
    spec: DagSpec,
    more: { isPaused?: boolean; nextRunAfter?: Date; file?: string } = {},
  ): Promise<number> {
    const version = versionOf(spec, randomBytes(16).toString("hex"));
    await deployVersions(this.#queryable, [{ ...version, file: more.file ?? version.file }]);
    return this.#id(
      `update dagsmith.dag set is_paused = $2, next_run_after = $3 where dag_id = $1
       returning version_id as id`,
      [spec.dagId, more.isPaused ?? false, more.nextRunAfter ?? null],
    );
  }

  async run(dagId: string, versionId: number, run: RunRow = {}): Promise<number> {
    const [id] = await this.runs([{ ...run, dagId, versionId }]);
    return id!;
  }

  /** @returns their ids, in the same order */
  runs(runs: readonly OwnedRun[]): Promise<readonly number[]> {
    return this.#insert(
      `insert into dagsmith.dag_run (${RUNS.names}) select * from ${RUNS.unnest} returning id`,
      RUNS.values(runs),
    );
  }

  async instance(runId: number, taskId: string, row: InstanceRow): Promise<number> {
    const [id] = await this.instances([{ ...row, runId, taskId }]);
    return id!;
  }

  /** @returns their ids, in the same order */
  instances(instances: readonly OwnedInstance[]): Promise<readonly number[]> {
    return this.#insert(
      `insert into dagsmith.task_instance (${INSTANCES.names})
       select * from ${INSTANCES.unnest} returning id`,
      INSTANCES.values(instances),
    );
  }

  async #insert(text: string, values: readonly unknown[]): Promise<readonly number[]> {
    return (await this.sql(text, values)).map(({ id }) => Number(id));
  }

  get #queryable(): Queryable {
    return {
      query: async <Row>({ text }: { readonly text: string }, values: readonly unknown[] = []) =>
        (await this.sql(text, values)) as readonly Row[],
    };
  }

  /** Lines of a try: each text on a line of its own, in one chunk. */
  async log(
    instanceId: number,
    seq: number,
    texts: readonly string[],
    tryNumber = 1,
    level = "info",
  ): Promise<void> {
    const lines = texts
      .map(
        (text) =>
          `${JSON.stringify({ time: "2026-01-01T04:00:00.000Z", level, source: "task", text })}\n`,
      )
      .join("");
    await this.sql(
      "insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines) values ($1, $2, $3, $4)",
      [...[instanceId, tryNumber, seq, lines]],
    );
  }
}
