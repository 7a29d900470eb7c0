/**
 * Clears tasks, so that they run again. A run that had ended waits for capacity under its
 * DAG's maxActiveRuns, then goes on.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import type { EngineTx } from "../engine/store.ts";
import { type AuditEntry, auditAll } from "../store/access/audit.ts";
import { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import type { SelectedInstance } from "../store/instances/instance_selection.ts";
import {
  clearInstances,
  instanceName,
  reopenRuns,
  withGroupsAround,
} from "../transactions/clear_run.ts";
import { runEngineTransaction } from "../transactions/engine_tx.ts";
import { afterChange } from "../transactions/run_ends.ts";
import {
  type ClearSelection,
  type SelectedRun,
  selectRuns,
  selectToClear,
} from "./clear_selection.ts";
import { stateCounts } from "./state_counts.ts";

export interface ClearRequest extends ClearSelection {
  readonly actor: string;
  /** Why, for the audit. */
  readonly reason?: string;
}

/** What a clear does, or would do, to one run. */
export interface ClearedRun {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  readonly instances: readonly Pick<
    SelectedInstance,
    "taskId" | "mapIndex" | "state" | "tryNumber"
  >[];
}

/**
 * Runs cleared in one transaction: it locks them, and each may have thousands of
 * instances.
 */
const AT_ONCE = 50;

/**
 * Lists what {@link clearRuns} would clear, and changes nothing.
 * @throws DagsmithError as clearRuns does
 */
export async function previewClear(
  db: Database,
  selection: ClearSelection,
): Promise<readonly ClearedRun[]> {
  const ids = await selectRuns(db, selection);
  const selected = await selectToClear(db, new Plans(), ids, selection, { held: false });
  const previews = await withGroupsAround(db, selected);
  return previews.length > 0 ? previews.map(shown) : nothing(selection);
}

/**
 * Clears tasks of runs, with their setups and teardowns. The tries of an instance stay in
 * its history, its XComs are deleted, and it gets as many retries as a new instance. Each
 * run is cleared completely or not at all; several runs are cleared in one transaction.
 * @throws DagsmithError UNKNOWN_DAG, UNKNOWN_RUN, UNKNOWN_TASK, INVALID_DATE,
 *   NOTHING_TO_CLEAR; CLEAR_RUNNING when an instance of them runs, RUN_RUNNING when the
 *   version of a running run would change
 */
export async function clearRuns(
  db: Database,
  request: ClearRequest,
): Promise<readonly ClearedRun[]> {
  const looked = await previewClear(db, request);
  const plans = new Plans();
  const cleared: ClearedRun[] = [];
  for (let at = 0; at < looked.length; at += AT_ONCE) {
    const ids = looked.slice(at, at + AT_ONCE).map(({ id }) => id);
    const clear = (tx: EngineTx, on: Queryable) => clearSome({ on, tx, plans }, ids, request);
    cleared.push(...(await runEngineTransaction(db, plans, clear)));
  }
  // Also runs that another request cleared at the same time: while we held their lock,
  // they could not start.
  await afterChange(db, plans, [...new Set(looked.map(({ dagId }) => dagId))]);
  return cleared;
}

interface Hold {
  readonly on: Queryable;
  readonly tx: EngineTx;
  readonly plans: Plans;
}

async function clearSome(
  { on, tx, plans }: Hold,
  ids: readonly number[],
  request: ClearRequest,
): Promise<readonly ClearedRun[]> {
  const selected = await selectToClear(on, plans, ids, request, { held: true });
  if (selected.length === 0) return [];
  const runs = await clearInstances(on, selected);
  await reopenRuns(
    on,
    tx,
    runs.map(({ run, versionId }) => ({ id: run.id, versionId, params: undefined })),
  );
  await auditAll(
    on,
    runs.map((one) => entryOf(one, request)),
  );
  return runs.map(shown);
}

function entryOf(
  { run, instances }: SelectedRun,
  { taskId, code = "original", actor, reason }: ClearRequest,
): AuditEntry {
  const first = instances.slice(0, 20).map(instanceName);
  const why = reason === undefined ? {} : { reason };
  const detail = { instances: instances.length, first, task: taskId ?? null, code, ...why };
  const before = {
    state: run.state,
    instances: stateCounts(instances.map(({ state }) => state)),
  };
  const after = { instances: stateCounts(instances.map(() => "none")) };
  const entry = { actor, dagId: run.dagId, runId: run.runId, detail };
  return { ...entry, action: "clear", before, after };
}

function shown({ run, instances }: SelectedRun): ClearedRun {
  const { id, dagId, runId } = run;
  return {
    ...{ id, dagId, runId },
    instances: instances.map(({ taskId, mapIndex, state, tryNumber }) => ({
      taskId,
      mapIndex,
      state,
      tryNumber,
    })),
  };
}

function nothing({ onlyFailed }: ClearSelection): never {
  throw new DagsmithError("NOTHING_TO_CLEAR", {
    reason: onlyFailed ? "no instance failed" : "it has no instance yet",
  });
}
