/** Backfills: runs over a range of a DAG's schedule, again or for the first time. */
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec, NamedSchedule } from "../../sdk/spec/index.ts";
import { checkParams } from "../params/check_params.ts";
import {
  type BackfillRange,
  backfillDates,
  looksBack,
  type PlannedRun,
  planRuns,
  type Reprocess,
} from "../scheduler/decisions/plan_backfill.ts";
import { audit } from "../store/access/audit.ts";
import {
  activeBackfill,
  type CodeChoice,
  cancelBackfillRow,
  createBackfill as createRow,
  getBackfill,
  pauseBackfillRow,
  resumeBackfillRow,
} from "../store/backfills/backfill.ts";
import {
  cancelWaiting,
  type ExistingRun,
  existingRuns,
  insertBackfillRuns,
} from "../store/backfills/backfill_run.ts";
import { getDag } from "../store/dags/dag.ts";
import { getVersions } from "../store/dags/dag_version.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { checkLabels } from "./annotate.ts";
import { dateOf } from "./trigger.ts";
import { unknownDag } from "./unknown.ts";

export interface BackfillRequest {
  readonly dagId: string;
  /**
   * First and last logical date, inclusive; ISO 8601, in the DAG's timezone when it names
   * no offset.
   */
  readonly from: string;
  readonly to: string;
  /** Which of the DAG's schedules; needed when it has several. */
  readonly schedule?: string;
  /** Which finished runs are cleared and run again. Default `"none"`. */
  readonly reprocess?: Reprocess;
  /** The newest first. Default false. */
  readonly backwards?: boolean;
  /** Runs at once, not counting the DAG's own. Default 10. */
  readonly maxActiveRuns?: number;
  readonly params?: Json;
  /** The labels of every run of it. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default `"original"`. */
  readonly code?: CodeChoice;
  readonly actor: string;
}

/** The plan of a backfill. */
export interface BackfillPreview {
  readonly dagId: string;
  readonly schedule: string;
  readonly runs: readonly (PlannedRun & { readonly existing: ExistingRun | undefined })[];
}

const DEFAULT_MAX_ACTIVE_RUNS = 10;

/**
 * Lists what a backfill would do, and changes nothing.
 * @throws DagsmithError as {@link createBackfill} does
 */
export async function previewBackfill(
  db: Queryable,
  request: Omit<BackfillRequest, "actor">,
): Promise<BackfillPreview> {
  const { named, runs } = await plan(db, request);
  return { dagId: request.dagId, schedule: named.name, runs };
}

/**
 * Plans every run of a backfill. The scheduler creates the runs as capacity becomes free.
 * @returns its number, how many runs it plans and how many it skips
 * @throws DagsmithError UNKNOWN_DAG, UNKNOWN_SCHEDULE, INVALID_DATE, INVALID_PARAMS,
 *   INVALID_LABEL, and the refusals of backfillDates
 */
export async function createBackfill(
  db: Database,
  request: BackfillRequest,
): Promise<{ readonly id: number; readonly runs: number; readonly skipped: number }> {
  const { dagId, actor } = request;
  return db.transaction(async (tx) => {
    const { named, versionId, params, range, runs: planned } = await plan(tx, request);
    const { reprocess, backwards, from, to } = range;
    const settings = {
      reprocess,
      backwards,
      maxActiveRuns: request.maxActiveRuns ?? DEFAULT_MAX_ACTIVE_RUNS,
    };
    const id = await createRow(tx, {
      ...{
        dagId,
        scheduleName: named.name,
        schedule: named.schedule,
        from,
        to,
        ...settings,
        params,
        givenParams: request.params ?? {},
      },
      ...{
        labels: request.labels ?? {},
        code: request.code ?? "original",
        versionId,
        createdBy: actor,
      },
    });
    if (id === undefined)
      throw new DagsmithError("BACKFILL_ACTIVE", {
        dag: dagId,
        backfill: (await activeBackfill(tx, dagId)) ?? "?",
      });
    await insertBackfillRuns(
      tx,
      id,
      planned.map(({ dataInterval, existing, ...run }) => ({
        ...{ ...run, dataIntervalStart: dataInterval.start, dataIntervalEnd: dataInterval.end },
        runId: run.decision === "skip" ? (existing?.id ?? null) : null,
      })),
    );
    const runs = planned.filter(({ decision }) => decision === "run").length;
    const after = {
      ...{ from: from.toISOString(), to: to.toISOString(), runs },
      ...{ ...settings, params, labels: request.labels ?? {} },
    };
    await audit(tx, { actor, action: "backfill", dagId, detail: { backfill: id }, after });
    return { id, runs, skipped: planned.length - runs };
  });
}

interface Plan {
  readonly named: NamedSchedule;
  readonly versionId: number;
  readonly params: Json;
  readonly range: BackfillRange;
  readonly runs: BackfillPreview["runs"];
}

async function plan(db: Queryable, request: Omit<BackfillRequest, "actor">): Promise<Plan> {
  const { dagId, params = {}, reprocess = "none", backwards = false } = request;
  const dag = await getDag(db, dagId);
  const spec = dag && (await getVersions(db, [dag.versionId]))[0]?.spec;
  if (!dag || !spec) throw unknownDag(dagId);
  const named = scheduleOf(spec, request.schedule);
  checkLabels(request.labels ?? {});
  const range: BackfillRange = {
    ...{
      dagId,
      schedule: named.schedule,
      reprocess,
      backwards,
      dependsOnPast: looksBack(spec),
      now: dag.now,
    },
    ...{ from: dateOf(request.from, spec.timezone), to: dateOf(request.to, spec.timezone) },
    activeBackfill: await activeBackfill(db, dagId),
  };
  const intervals = backfillDates(range);
  const dates = intervals.map(({ logicalDate }) => logicalDate);
  const existing = await existingRuns(db, dagId, named.name, dates);
  const existingOf = (date: Date): ExistingRun | undefined => existing.get(date.getTime());
  const planned = planRuns(intervals, reprocess, (date) => existingOf(date)?.state);
  return {
    ...{ named, versionId: dag.versionId, params: await paramsOf(spec, named, params), range },
    runs: planned.map((run) => ({ ...run, existing: existingOf(run.logicalDate) })),
  };
}

/** The params of the schedule, overwritten by those of the request. */
async function paramsOf(spec: DagSpec, { params }: NamedSchedule, given: Json): Promise<Json> {
  if (Object.keys(asObject(given)).length === 0) return params;
  return checkParams(spec, { ...asObject(params), ...asObject(given) });
}

function scheduleOf({ dagId, schedules }: DagSpec, name: string | undefined): NamedSchedule {
  if (schedules.length === 0) return { name: "", schedule: { type: "none" }, params: {} };
  const only = schedules.length === 1 && name === undefined ? schedules[0] : undefined;
  const named = only ?? schedules.find((schedule) => schedule.name === name);
  if (named) return named;
  const names = schedules.map((schedule) => schedule.name || '""').join(", ");
  throw new DagsmithError("UNKNOWN_SCHEDULE", {
    dag: dagId,
    found: name === undefined ? "none was named" : `"${name}" is none of them`,
    schedules: names,
  });
}

function asObject(value: Json): Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};
}

export interface BackfillVerb {
  /** The backfill's number. */
  readonly id: number;
  readonly actor: string;
}

/**
 * Starts no further run of it; running runs go on.
 * @throws DagsmithError UNKNOWN_BACKFILL, BACKFILL_ENDED
 */
export function pauseBackfill(db: Database, request: BackfillVerb): Promise<void> {
  return move(db, request, "pause backfill", pauseBackfillRow);
}

/** @throws DagsmithError UNKNOWN_BACKFILL, BACKFILL_ENDED */
export function resumeBackfill(db: Database, request: BackfillVerb): Promise<void> {
  return move(db, request, "resume backfill", resumeBackfillRow);
}

/**
 * Ends it: running runs finish, queued runs fail, the other planned runs are skipped.
 * @throws DagsmithError UNKNOWN_BACKFILL, BACKFILL_ENDED
 */
export function cancelBackfill(db: Database, request: BackfillVerb): Promise<void> {
  return move(db, request, "cancel backfill", async (tx, id) => {
    if (!(await cancelBackfillRow(tx, id, `backfill ${id} was cancelled by ${request.actor}`)))
      return false;
    await cancelWaiting(tx, id);
    return true;
  });
}

function move(
  db: Database,
  { id, actor }: BackfillVerb,
  action: "pause backfill" | "resume backfill" | "cancel backfill",
  verb: (tx: Queryable, id: number) => Promise<boolean>,
): Promise<void> {
  return db.transaction(async (tx) => {
    const was = await getBackfill(tx, id);
    const moved = await verb(tx, id);
    const backfill = await getBackfill(tx, id);
    if (!was || !backfill) throw new DagsmithError("UNKNOWN_BACKFILL", { backfill: id });
    if (!moved) throw new DagsmithError("BACKFILL_ENDED", { backfill: id, state: backfill.state });
    const change = { before: { state: was.state }, after: { state: backfill.state } };
    await audit(tx, { actor, action, dagId: was.dagId, detail: { backfill: id }, ...change });
  });
}
