/** The job of a task: its id, which a retry finds again, and its labels. */
import { createHash, randomUUID } from "node:crypto";
import type { TaskContext } from "dagsmith";
import type { JobOptions } from "./session.ts";

const MAX_NAME = 100;

/** Options that every operator of BigQuery has. */
export interface TaskJobOptions {
  /** Where the job runs, such as `EU`. Default: as BigQuery finds it. */
  readonly location?: string;
  /** Labels of the job, besides `dag`, `run` and `task`. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * The id is kept between the tries of a task. A retry after the death of a worker joins
 * the job of the try before; a cleared task runs a new one.
 * @param work tells this job from other jobs of the task
 */
export async function taskJob(
  { step, dagId, runId, taskId }: Pick<TaskContext, "step" | "dagId" | "runId" | "taskId">,
  { location, labels }: TaskJobOptions,
  work: unknown,
): Promise<JobOptions & { readonly id: string }> {
  const digest = createHash("sha256").update(JSON.stringify(work)).digest("hex").slice(0, 16);
  const name = `${dagId}_${taskId}`.replace(/[^\w-]/g, "_").slice(0, MAX_NAME);
  const id = await step(`BigQuery job ${digest}`, () => `dagsmith_${name}_${randomUUID()}`);
  return {
    ...{ id, labels: { ...labels, dag: dagId, run: runId, task: taskId } },
    ...(location && { location }),
  };
}
