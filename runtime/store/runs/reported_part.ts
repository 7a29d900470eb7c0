/**
 * A run that ended, in parts with some of its tries each: a run may have more tries than
 * the memory of a scheduler holds.
 */
import type { Json } from "../../../sdk/json.ts";
import type { Queryable, Statement } from "../database/database.ts";
import type { ReportedRun } from "./run_report.ts";

interface Place {
  readonly taskId: string;
  /** -1 without a list. */
  readonly mapIndex: number;
}

/** An update of an asset by a task. */
export interface ReportedUpdate extends Place {
  readonly uri: string;
  readonly extra: Json;
}

export interface ReportedTry extends Place {
  readonly tryNumber: number;
  readonly state: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly reason: string | null;
}

/** Instances that one part reads, with all tries of each. */
const PART = 1_000;

export interface ReportedPart {
  readonly run: ReportedRun;
  /** Of the run's last start; those of an earlier generation were in that report. */
  readonly tries: readonly ReportedTry[];
  readonly isFirst: boolean;
  /** After which instance the next part begins; null: this is the last part. */
  readonly last: Place | null;
}

interface InstanceRow extends ReportedTry {
  readonly id: number;
  /** Its last try has ended, and began after the start of the run. */
  readonly isReported: boolean;
}

const INSTANCES: Statement = {
  name: "run_report_instances",
  text: `
select t.id, t.task_id as "taskId", t.map_index as "mapIndex", t.try_number as "tryNumber",
  t.state, t.started_at as "startedAt", t.finished_at as "finishedAt", t.reason,
  coalesce(t.finished_at is not null and t.started_at >= r.started_at, false) as "isReported"
from dagsmith.dag_run r join dagsmith.task_instance t on t.run_id = r.id
where r.id = $1 and t.run_id = $1 and (t.task_id, t.map_index) > ($2, $3)
order by t.task_id, t.map_index limit $4`,
};

const TRIES: Statement = {
  name: "run_report_tries",
  text: `
select y.task_instance_id as id, y.try_number as "tryNumber", y.state,
  y.started_at as "startedAt", y.finished_at as "finishedAt", y.reason
from dagsmith.task_try y
where y.task_instance_id = any($1)
  and y.started_at >= (select started_at from dagsmith.dag_run where id = $2)
order by y.task_instance_id, y.try_number`,
};

const UPDATES: Statement = {
  name: "run_report_updates",
  text: `
select task_id as "taskId", map_index as "mapIndex", uri, extra
from dagsmith.asset_event where run_id = $1 order by id`,
};

/** @param after where the previous part ended; null: from the beginning */
export async function readPart(
  db: Queryable,
  run: ReportedRun,
  after: Place | null,
): Promise<ReportedPart> {
  const { taskId, mapIndex } = after ?? { taskId: "", mapIndex: -1 };
  const found = await db.query<InstanceRow>(INSTANCES, [run.id, taskId, mapIndex, PART]);
  const earlier = await earlierTries(db, run, found);
  const tries = found.flatMap((one) => [
    ...(earlier.get(one.id) ?? []).map((ofTry) => ({ ...one, ...ofTry })),
    ...(one.isReported ? [one] : []),
  ]);
  return { run, tries, isFirst: after === null, last: found[PART - 1] ?? null };
}

type EarlierTry = Omit<ReportedTry, keyof Place> & { readonly id: number };

async function earlierTries(db: Queryable, run: ReportedRun, of: readonly InstanceRow[]) {
  const ids = of.map(({ id }) => id);
  return Map.groupBy(await db.query<EarlierTry>(TRIES, [ids, run.id]), ({ id }) => id);
}

/** The updates of a run by their instance, as {@link instanceKey} names it. */
export async function updatesOf(
  db: Queryable,
  { id }: ReportedRun,
): Promise<ReadonlyMap<string, readonly ReportedUpdate[]>> {
  return Map.groupBy(await db.query<ReportedUpdate>(UPDATES, [id]), instanceKey);
}

export const instanceKey = ({ taskId, mapIndex }: Place): string => `${mapIndex} ${taskId}`;
