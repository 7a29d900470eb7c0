/**
 * One run and its tasks: the end of `dag trigger --wait` and `npm start`, and all of
 * `dag tasks`.
 */

import { errorTitle } from "../../../sdk/error_message.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import { mappedTaskIds } from "../../engine/plan/plan_of.ts";
import type { Queryable } from "../../store/database/database.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import { findRunSpec } from "../../store/reads/runs.ts";
import { summariseTasks, type TaskSummary } from "../../store/reads/task_states.ts";
import { table } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import type { Hide } from "../output/without_secrets.ts";
import { between, cell, durationCell, stateWithWarnings } from "../output/words.ts";

/** A task of a run; `none` when it has no instance yet. */
export type ReportedTask = Omit<TaskSummary, "state"> & {
  readonly state: TaskSummary["state"] | "none";
  /** It failed, and its failure is allowed. */
  readonly warning: boolean;
};

/** Every task of the version that the run is pinned to, in topological order. */
export async function reportedTasks(
  db: Queryable,
  runId: number,
): Promise<readonly ReportedTask[]> {
  const [spec, summaries] = [await findRunSpec(db, runId), await summariseTasks(db, runId)];
  const known = new Map(summaries.map((summary) => [summary.taskId, summary]));
  const many = spec ? mappedTaskIds(spec) : new Set<string>();
  return (spec?.tasks ?? []).map((task) => {
    const summary = known.get(task.taskId);
    return summary
      ? { ...summary, warning: task.allowFailure === true && hasFailed(summary) }
      : untouched(task, many.has(task.taskId));
  });
}

/** For a mapped task, any instance. */
function hasFailed({ state, isMapped, failed }: TaskSummary): boolean {
  return isMapped ? failed > 0 : state === "failed";
}

function untouched(task: DagSpec["tasks"][number], isMapped: boolean): ReportedTask {
  const counts = { instances: 0, success: 0, failed: 0, skipped: 0, running: 0 };
  const times = { startedAt: null, finishedAt: null };
  const known = { taskId: task.taskId, isMapped, ...counts, ...times };
  return { ...known, state: "none", tryNumber: 0, reason: null, error: null, warning: false };
}

/** The run and its tasks; failed when the run failed. */
export async function runOutcome(db: Queryable, ended: RunDetail, hide: Hide, style: Style) {
  const run = hide(ended);
  const tasks = hide(await reportedTasks(db, run.id));
  return {
    json: { run, tasks },
    lines: runLines(run, tasks, style),
    failed: run.state === "failed",
  };
}

export function runLines(
  run: RunDetail,
  tasks: readonly ReportedTask[],
  style: Style,
): readonly string[] {
  const took = run.finishedAt ? ` in ${durationCell(between(run.startedAt, run.finishedAt))}` : "";
  return [
    `${style.bold(run.dagId)} ${run.runId}  run ${run.id}, version ${run.version}: ${stateWithWarnings(run.state, run.warnings, style)}${took}${run.reason ? ` (${cell(run.reason)})` : ""}`,
    ...annotations(run),
    ...table(
      ["task", "state", "try", "duration", "remark"],
      tasks.map((task) => [
        task.taskId,
        stateWithWarnings(task.state, task.warning ? 1 : 0, style),
        tryText(task),
        durationCell(between(task.startedAt, task.finishedAt)),
        remark(task),
      ]),
    ),
  ];
}

function annotations({ labels, note }: RunDetail): readonly string[] {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    ...(pairs.length > 0 ? [`labels: ${cell(pairs.join(", "))}`] : []),
    ...(note === null ? [] : [`note: ${cell(note)}`]),
  ];
}

function tryText(task: ReportedTask): string {
  return task.tryNumber === 0 ? "-" : String(task.tryNumber);
}

function remark(task: ReportedTask): string {
  const mapped =
    task.isMapped && task.instances > 0 ? `${task.success} of ${task.instances} succeeded` : "";
  const why = task.error ? errorTitle(task.error) : (task.reason ?? "");
  const parts = [mapped, why === "" ? "" : cell(why)].filter((part) => part !== "");
  return parts.join("; ").slice(0, 200);
}
