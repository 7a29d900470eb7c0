/** The facts that the gates check, read for one run when a person asks. */
import type {
  UpstreamTask,
  WaitingInstance,
  WaitingRun,
  WorkerFacts,
} from "../../engine/gates/index.ts";
import { parseReservations } from "../../engine/limits/limits.ts";
import type { RunState } from "../../state/run_state.ts";
import type { TaskState } from "../../state/task_state.ts";
import type { Awaited } from "../../state/trigger_rule.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { type UpstreamRow, upstreamEndsOf } from "../instances/task_counter.ts";
import { runningWait, WAIT_COLUMNS, type WaitRow } from "../waits/task_wait.ts";
import { FRESH } from "./health.ts";
import { LEADING_STATE } from "./task_states.ts";

const RUN: Statement = {
  name: "why_run",
  text: `
select now() as now, r.dag_id, r.run_id, r.state, r.version_id, r.run_after, d.is_paused, coalesce(d.version_id, r.version_id) as current_version_id,
  (select count(*)::int from dagsmith.dag_run o
    where o.dag_id = r.dag_id and o.state = 'running' and o.backfill_id is not distinct from r.backfill_id) as running_runs,
  b.max_active_runs as backfill_slots, case when b.state = 'paused' then b.id end as paused_backfill,
  (select count(*)::int from dagsmith.scheduler where heartbeat_at > now() - ${FRESH}) as schedulers
from dagsmith.dag_run r join dagsmith.dag d on d.dag_id = r.dag_id left join dagsmith.backfill b on b.id = r.backfill_id where r.id = $1`,
};

// Inside a mapped group the first map index stands for all: a task without any instance
// waits for the same at each of them.
const COUNTS: Statement = {
  name: "why_counts",
  text: `
select distinct on (task_id, map_index >= 0) task_id, case when map_index < 0 then 'whole' else 'element' end as kind, upstream_total,
  upstream_success, upstream_failed, upstream_skipped, upstream_upstream_failed, upstream_removed, setups, in_scope
from dagsmith.task_counter where run_id = $1 order by task_id, map_index >= 0, map_index`,
};

/**
 * The first instance of each task in each waiting state, and the number of instances like
 * it: they all wait for the same. Instances with equal reservations are alike.
 */
const waitingInstances = (of: string): string => `
select distinct on (t.task_id, t.state, p.reservations) t.task_id, t.map_index, t.state, t.retry_at,
  t.reason, p.reservations, p.not_before, c.called_run_id, ${WAIT_COLUMNS},
  count(*) over (partition by t.task_id, t.state, p.reservations)::int as alike
from dagsmith.task_instance t
left join dagsmith.slot_request p
  on p.instance_id = t.id and p.try_number = t.try_number and p.admitted_at is null
left join dagsmith.task_wait w on w.task_instance_id = t.id and w.try_number = t.try_number
  and t.state in ('up_for_reschedule', 'deferred')
left join dagsmith.task_call c on c.task_instance_id = t.id and c.state = 'going'
where ${of}
  and t.state not in
    ('none', 'running', 'success', 'failed', 'skipped', 'upstream_failed', 'removed')
order by t.task_id, t.state, p.reservations, t.map_index`;

// Two statements, so that the instances of one task are read without those of the whole
// run.
const INSTANCES: Statement = {
  name: "why_instances",
  text: waitingInstances("t.run_id = $1"),
};
const INSTANCES_OF_TASK: Statement = {
  name: "why_instances_of_task",
  text: waitingInstances("t.run_id = $1 and t.task_id = $2"),
};

const STATES: Statement = {
  name: "why_states",
  text: `
select task_id, ${LEADING_STATE} as state
from dagsmith.task_instance where run_id = $1 and state <> 'none' group by task_id`,
};

// Tries that run are found through the active runs, so the work does not grow with
// history.
const WORKERS: Statement = {
  name: "why_workers",
  text: `
with busy as (
  select t.worker_id, count(*)::int as tries
  from dagsmith.dag_run r join dagsmith.task_instance t on t.run_id = r.id and t.state = 'running'
  where r.state = 'running' group by t.worker_id
)
select w.queues, w.slots, coalesce(busy.tries, 0) as busy
from dagsmith.worker w left join busy on busy.worker_id = w.id
where w.state = 'active' and w.heartbeat_at > now() - ${FRESH}`,
};

/** The run with the limits that its gates check. */
export interface AskedRun extends Omit<WaitingRun, "maxActiveRuns"> {
  readonly now: Date;
  readonly runId: string;
  readonly versionId: number;
  /** The DAG's current version, which has the limit of active runs. */
  readonly currentVersionId: number;
  /** The limit of its backfill; null for a run without a backfill. */
  readonly backfillSlots: number | null;
}

export async function readAskedRun(db: Queryable, id: number): Promise<AskedRun | undefined> {
  type Row = {
    now: Date;
    dag_id: string;
    run_id: string;
    state: RunState;
    version_id: number;
    run_after: Date;
    is_paused: boolean;
    current_version_id: number;
    running_runs: number;
    schedulers: number;
    backfill_slots: number | null;
    paused_backfill: number | null;
  };
  const [row] = await db.query<Row>(RUN, [id]);
  return (
    row && {
      ...{
        now: row.now,
        dagId: row.dag_id,
        runId: row.run_id,
        state: row.state,
        versionId: row.version_id,
        runAfter: row.run_after,
      },
      ...{
        isPaused: row.is_paused,
        currentVersionId: row.current_version_id,
        runningRuns: row.running_runs,
        schedulers: row.schedulers,
      },
      ...{ backfillSlots: row.backfill_slots, pausedBackfill: row.paused_backfill },
    }
  );
}

/**
 * By task, as a whole and for one map index: the instances that it waits for, by
 * their final states. Tasks without upstream tasks are missing.
 */
export async function readUpstreamCounts(
  db: Queryable,
  runId: number,
): Promise<ReadonlyMap<string, ReadonlyMap<"whole" | "element", Awaited>>> {
  type Row = {
    task_id: string;
    kind: "whole" | "element";
    setups: Awaited["setups"];
    in_scope: Awaited["inScope"];
  } & UpstreamRow;
  const rows = await db.query<Row>(COUNTS, [runId]);
  const countsOf = (row: Row): Awaited => ({
    upstream: { total: row.upstream_total, ...upstreamEndsOf(row) },
    setups: row.setups,
    inScope: row.in_scope,
  });
  const byTask = Map.groupBy(rows, (row) => row.task_id);
  return new Map(
    [...byTask].map(([taskId, of]) => [
      taskId,
      new Map(of.map((row) => [row.kind, countsOf(row)])),
    ]),
  );
}

/** The state of each task that has an instance. */
export async function readTaskStates(
  db: Queryable,
  runId: number,
): Promise<ReadonlyMap<string, UpstreamTask["state"]>> {
  const rows = await db.query<{ task_id: string; state: TaskState }>(STATES, [runId]);
  return new Map(rows.map((row) => [row.task_id, row.state]));
}

/** Instances that wait for the same: the first of them, and their number. */
export interface WaitingGroup extends WaitingInstance {
  readonly taskId: string;
  readonly alike: number;
  /** The run that it called and waits for; null without one. */
  readonly calledRunId: number | null;
}

function waitOf(row: WaitRow): Pick<WaitingInstance, "wait"> {
  const wait = runningWait(row);
  return wait ? { wait } : {};
}

/** @param taskId null for all tasks of the run */
export async function readWaiting(
  db: Queryable,
  runId: number,
  taskId: string | null,
): Promise<readonly WaitingGroup[]> {
  type Row = WaitRow & {
    task_id: string;
    map_index: number;
    state: TaskState;
    retry_at: Date | null;
    reason: string | null;
    reservations: string | null;
    not_before: Date | null;
    alike: number;
    called_run_id: number | null;
  };
  const rows =
    taskId === null
      ? await db.query<Row>(INSTANCES, [runId])
      : await db.query<Row>(INSTANCES_OF_TASK, [runId, taskId]);
  return rows.map((row) => ({
    ...{
      taskId: row.task_id,
      mapIndex: row.map_index,
      state: row.state,
      retryAt: row.retry_at,
      reason: row.reason,
      alike: row.alike,
      calledRunId: row.called_run_id,
    },
    slotRequest:
      row.reservations === null || row.not_before === null
        ? null
        : { reservations: parseReservations(row.reservations), notBefore: row.not_before },
    ...waitOf(row),
  }));
}

/** The live workers, for any queue. */
export async function readWorkers(db: Queryable): Promise<(queue: string) => WorkerFacts> {
  const rows = await db.query<{ queues: string[]; slots: number; busy: number }>(WORKERS);
  return (queue) => {
    const serving = rows.filter(({ queues }) => queues.includes(queue));
    const sum = (of: "slots" | "busy"): number =>
      serving.reduce((total, row) => total + row[of], 0);
    return { alive: rows.length, serving: serving.length, slots: sum("slots"), busy: sum("busy") };
  };
}
