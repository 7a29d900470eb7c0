/**
 * The facts of a run that each of its tries needs. They change only when the run is
 * cleared, so a worker caches them for the runs it works on, each with its generation.
 */
import type { Json } from "../../../sdk/json.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { PlannedVersion, Plans } from "../dags/plans.ts";
import type { Queryable, Statement } from "../database/database.ts";

export interface RunSnapshot {
  readonly id: number;
  readonly runId: string;
  readonly version: PlannedVersion;
  readonly logicalDate: Date;
  readonly dataIntervalStart: Date;
  readonly dataIntervalEnd: Date;
  readonly partitionKey: string | null;
  readonly params: Json;
  /**
   * The event or the assets that started the run; null when a schedule or a person did.
   */
  readonly trigger: RunTrigger | null;
  /** How often the run was cleared. */
  readonly generation: number;
}

const GET: Statement = {
  name: "run_snapshot_get",
  text: `
select id, run_id, version_id, logical_date, data_interval_start, data_interval_end,
  partition_key, params, trigger, generation
from dagsmith.dag_run where id = any($1)`,
};

const KEPT = 1_000;

export class RunSnapshotCache {
  readonly #plans: Plans;
  readonly #kept = new Map<number, RunSnapshot>();

  readonly #onRead: (run: RunSnapshot) => void;

  /** @param onRead called with each run that is read, before anything uses it */
  constructor(plans: Plans, onRead: (run: RunSnapshot) => void = () => undefined) {
    this.#plans = plans;
    this.#onRead = onRead;
  }

  /**
   * The snapshots of runs in the given generations or later ones. One statement reads the
   * missing ones.
   */
  async get(
    db: Queryable,
    wanted: readonly { readonly id: number; readonly generation: number }[],
  ): Promise<ReadonlyMap<number, RunSnapshot>> {
    const missing = wanted
      .filter(({ id, generation }) => (this.#kept.get(id)?.generation ?? -1) < generation)
      .map(({ id }) => id);
    if (missing.length > 0)
      for (const facts of await this.#read(db, [...new Set(missing)])) {
        this.#onRead(facts);
        this.#keep(facts);
      }
    return new Map(
      wanted.flatMap(({ id }) => this.#kept.get(id) ?? []).map((facts) => [facts.id, facts]),
    );
  }

  async #read(db: Queryable, ids: readonly number[]): Promise<readonly RunSnapshot[]> {
    type Row = {
      id: number;
      run_id: string;
      version_id: number;
      logical_date: Date;
      data_interval_start: Date;
      data_interval_end: Date;
      partition_key: string | null;
      params: Json;
      trigger: RunTrigger | null;
      generation: number;
    };
    const rows = await db.query<Row>(GET, [ids]);
    const versions = await this.#plans.get(
      db,
      rows.map((row) => row.version_id),
    );
    return rows.flatMap((row) => {
      const version = versions.get(row.version_id);
      if (!version) return [];
      const {
        id,
        run_id: runId,
        logical_date: logicalDate,
        data_interval_start: dataIntervalStart,
        data_interval_end: dataIntervalEnd,
        partition_key: partitionKey,
        params,
        trigger,
        generation,
      } = row;
      return [
        {
          id,
          runId,
          version,
          logicalDate,
          dataIntervalStart,
          dataIntervalEnd,
          partitionKey,
          params,
          trigger,
          generation,
        },
      ];
    });
  }

  #keep(facts: RunSnapshot): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(facts.id, facts);
  }
}
