/** Triggers a run by hand. */
import { DateTime } from "luxon";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { checkParams } from "../params/check_params.ts";
import { audit } from "../store/access/audit.ts";
import { getDag } from "../store/dags/dag.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database } from "../store/database/database.ts";
import { createRuns, type NewRun } from "../store/runs/dag_run.ts";
import { mainSchedule, manualInterval, runIdOf } from "../timetable/index.ts";
import { startQueuedRuns } from "../transactions/start_runs.ts";
import { unknownDag } from "./unknown.ts";

export interface TriggerRequest {
  readonly dagId: string;
  readonly params?: Json;
  /** ISO 8601, in the DAG's timezone when it names no offset. Default: now. */
  readonly logicalDate?: string;
  readonly actor: string;
}

/**
 * Creates a manual run of a DAG's current version, and starts it if there is capacity.
 * The run of a paused DAG waits until it is unpaused.
 * @throws DagsmithError UNKNOWN_DAG, INVALID_PARAMS, INVALID_DATE, RUN_EXISTS
 */
export async function triggerRun(
  db: Database,
  request: TriggerRequest,
): Promise<{ readonly id: number; readonly runId: string }> {
  const { dagId } = request;
  const dag = await getDag(db, dagId);
  if (!dag) throw unknownDag(dagId);
  const plans = new Plans();
  const spec = (await plans.get(db, [dag.versionId])).get(dag.versionId)?.spec;
  if (!spec) throw unknownDag(dagId);
  const params = await checkParams(spec, request.params ?? {});
  const { logicalDate } = request;
  const first = logicalDate === undefined ? dag.now : dateOf(logicalDate, spec.timezone);
  const created = await createManualRun(db, request, first, (at) =>
    manualRun(spec, dag.versionId, params, at),
  );
  await startQueuedRuns(db, plans, [dagId]);
  return created;
}

/**
 * A run for a given date may exist already. A run for now is never refused because of
 * another: it gets the next free moment.
 */
async function createManualRun(
  db: Database,
  { dagId, actor, logicalDate }: TriggerRequest,
  first: Date,
  runAt: (date: Date) => NewRun,
): Promise<{ readonly id: number; readonly runId: string }> {
  for (let date = first; ; date = new Date(date.getTime() + 1)) {
    const run = runAt(date);
    const created = await db.transaction(async (tx) => {
      const [made] = await createRuns(tx, [run]);
      if (made)
        await audit(tx, {
          actor,
          action: "trigger",
          dagId,
          runId: run.runId,
          after: { params: run.params, logicalDate: run.logicalDate?.toISOString() ?? null },
        });
      return made;
    });
    if (created) return { id: created.id, runId: created.runId };
    if (logicalDate !== undefined)
      throw new DagsmithError("RUN_EXISTS", { dag: dagId, run: run.runId });
  }
}

function manualRun(spec: DagSpec, versionId: number, params: Json, runAfter: Date): NewRun {
  const schedule = mainSchedule(spec);
  const dataInterval = manualInterval(schedule, runAfter);
  return {
    dagId: spec.dagId,
    runId: runIdOf("manual", { schedule, dataInterval, runAfter }),
    runType: "manual",
    versionId,
    logicalDate: runAfter,
    dataIntervalStart: dataInterval.start,
    dataIntervalEnd: dataInterval.end,
    runAfter,
    params,
    schedule: null,
    trigger: null,
  };
}

/** @throws DagsmithError INVALID_DATE */
export function dateOf(text: string, timezone: string): Date {
  const date = DateTime.fromISO(text, { zone: timezone });
  if (!date.isValid)
    throw new DagsmithError("INVALID_DATE", {
      found: JSON.stringify(text),
      where: "the logical date",
    });
  return date.toJSDate();
}
