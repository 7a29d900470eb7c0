/** History of an age, written as rows: what retention deletes, or must keep. */

import type { Retention } from "../../runtime/retention.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { cleanHistory } from "../../runtime/transactions/clean_history.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { rows } from "./migrated.ts";
import { dagSpec, Rows } from "./rows.ts";

export const DAY_MS = 86_400_000;
const OLD_DAYS = 100;

const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);

/** Deletes what is older than 90 days. @returns the rows that each transaction deleted */
export async function cleanOld(
  db: Database,
  kinds: readonly (keyof Retention)[],
): Promise<readonly number[]> {
  const ages = Object.fromEntries(kinds.map((kind) => [kind, 90 * DAY_MS]));
  const steps: number[] = [];
  for await (const { rows: deleted } of cleanHistory(db, ages)) steps.push(deleted);
  return steps;
}

let lastDag = 0;

/** A DAG with runs that ended long ago, and a newest one of yesterday. */
export class History {
  readonly dagId: string;
  readonly versionId: number;
  readonly #db: Database;
  readonly #rows: Rows;

  private constructor(db: Database, dagId: string, versionId: number) {
    this.#db = db;
    this.#rows = new Rows(db.pool);
    this.dagId = dagId;
    this.versionId = versionId;
  }

  static async of(db: Database, more: Partial<DagSpec> = {}): Promise<History> {
    lastDag += 1;
    const dagId = `history_${lastDag}`;
    return new History(db, dagId, await new Rows(db.pool).dag(dagSpec(dagId, more)));
  }

  /**
   * A run that ended as many days ago as given, with one instance that has all that can
   * be.
   */
  async run(
    days: number = OLD_DAYS,
    state: "queued" | "running" | "success" | "failed" = "success",
  ): Promise<number> {
    const id = await this.#rows.run(this.dagId, this.versionId, {
      state,
      startedAt: daysAgo(days),
      tookMs: 1_000,
    });
    await this.instance(id, "only");
    return id;
  }

  /** An instance with an earlier try, logs of both, a value and a counter. */
  async instance(runId: number, taskId: string): Promise<number> {
    const id = await this.#rows.instance(runId, taskId, { state: "success", tryNumber: 2 });
    await this.sql(
      "insert into dagsmith.task_try (task_instance_id, try_number, state) values ($1, 1, 'failed')",
      [id],
    );
    await this.sql(
      `insert into dagsmith.log_chunk (task_instance_id, try_number, seq, lines)
       select $1, try, seq, 'line' from generate_series(1, 2) try, generate_series(1, 3) seq`,
      [id],
    );
    await this.sql(
      `insert into dagsmith.xcom (run_id, task_id, map_index, key, value)
       values ($1, $2, -1, 'return_value', '1')`,
      [runId, taskId],
    );
    await this.sql(
      `insert into dagsmith.task_counter (run_id, task_id, upstream_total) values ($1, $2, 0)`,
      [runId, taskId],
    );
    return id;
  }

  sql(text: string, values: readonly unknown[] = []) {
    return rows<Record<string, unknown>>(this.#db, text, values);
  }

  /** The runs that are there, in the order of their ids. */
  async runs(): Promise<readonly number[]> {
    const found = await rows<{ id: number }>(
      this.#db,
      "select id from dagsmith.dag_run where dag_id = $1 order by id",
      [this.dagId],
    );
    return found.map(({ id }) => id);
  }
}
