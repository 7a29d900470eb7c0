/** Reads why the tasks of a run wait, as people may see it. */
import type { VisibleTags } from "../../store/reads/dag_tags.ts";
import { type WhyAnswer, whyWaiting } from "../../store/reads/why.ts";
import type { WebServices } from "../http/services.ts";

/**
 * @param taskId null: all tasks
 * @param visible the reasons of called runs of other DAGs are left out
 * @throws DagsmithError UNKNOWN_RUN, UNKNOWN_TASK
 */
export async function readWhy(
  { reader, mask }: WebServices,
  id: number,
  taskId: string | null,
  visible: VisibleTags,
): Promise<WhyAnswer> {
  const answer = await whyWaiting(reader, id, taskId, visible);
  return {
    ...answer,
    tasks: answer.tasks.map((task) => ({
      ...task,
      reasons: task.reasons.map(({ gate, text }) => ({ gate, text: mask(text) })),
    })),
  };
}
