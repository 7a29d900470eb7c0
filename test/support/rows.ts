/** Rows for tests of what only reads them: DAGs, runs, instances, logs, written as SQL and not by the engine. */
import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import type { DagSpec, TaskSpec } from "../../sdk/spec/index.ts";

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
}

const FINAL = ["success", "failed", "skipped", "upstream_failed"];

/** Writes rows into one database. */
export class Rows {
  readonly #pool: Pool;

  constructor(pool: Pool) {
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
    const hash = randomBytes(16).toString("hex");
    await this.sql("insert into dagsmith.bundle (hash, code, source_map) values ($1, '', '')", [
      hash,
    ]);
    await this.sql("insert into dagsmith.dag (dag_id) values ($1) on conflict do nothing", [
      spec.dagId,
    ]);
    const id = await this.#id(
      `insert into dagsmith.dag_version (dag_id, number, hash, bundle_hash, file, spec)
       values ($1, (select count(*) + 1 from dagsmith.dag_version where dag_id = $1), $2, $2, $3, $4) returning id`,
      [spec.dagId, hash, more.file ?? `${spec.dagId}.ts`, JSON.stringify(spec)],
    );
    await this.sql(
      "update dagsmith.dag set version_id = $2, is_paused = $3, next_run_after = $4 where dag_id = $1",
      [...[spec.dagId, id, more.isPaused ?? false, more.nextRunAfter ?? null]],
    );
    return id;
  }

  async run(dagId: string, versionId: number, run: RunRow = {}): Promise<number> {
    const { state = "success", startedAt = new Date(), tookMs = 30_000 } = run;
    const end =
      state === "success" || state === "failed" ? new Date(startedAt.getTime() + tookMs) : null;
    return this.#id(
      `insert into dagsmith.dag_run (dag_id, run_id, run_type, state, version_id, logical_date, data_interval_start, data_interval_end, run_after,
         params, queued_at, started_at, finished_at, reason)
       values ($1, $2, 'manual', $3, $4, $5, $5, $5, $5, $6, $5, $7, $8, $9) returning id`,
      [
        ...[
          dagId,
          run.runId ?? `manual__${randomBytes(4).toString("hex")}`,
          state,
          versionId,
          startedAt,
          JSON.stringify(run.params ?? {}),
        ],
        ...[state === "queued" ? null : startedAt, end, run.reason ?? null],
      ],
    );
  }

  async instance(runId: number, taskId: string, row: InstanceRow): Promise<number> {
    const { state, startedAt = new Date(), tookMs = 1_000 } = row;
    const began = ["running", "success", "failed"].includes(state);
    return this.#id(
      `insert into dagsmith.task_instance (run_id, task_id, map_index, state, try_number, worker_id, queued_at, started_at, finished_at, reason, error, item)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id`,
      [
        ...[
          runId,
          taskId,
          row.mapIndex ?? -1,
          state,
          row.tryNumber ?? 1,
          began ? "worker-1" : null,
          startedAt,
          began ? startedAt : null,
        ],
        FINAL.includes(state) ? new Date(startedAt.getTime() + tookMs) : null,
        ...[row.reason ?? null, row.error === undefined ? null : JSON.stringify(row.error)],
        row.item === undefined ? null : JSON.stringify(row.item),
      ],
    );
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
