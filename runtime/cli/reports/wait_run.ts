/** Waits for the end of a run, and reports its tasks meanwhile. */
import { poll } from "../../service/poll.ts";
import { isFinal } from "../../state/task_state.ts";
import type { Queryable } from "../../store/database/database.ts";
import { findRuns, type RunDetail } from "../../store/reads/runs.ts";
import { summariseTasks } from "../../store/reads/task_states.ts";

/** How often the database is asked, in milliseconds: quickly at first, for short runs. */
const PAUSES = { firstMs: 50, longestMs: 1_000 };

/**
 * @param onTask called once for each task when all its instances have ended
 * @param signal ends the wait; the run is then returned unfinished
 */
export async function waitForRun(
  db: Queryable,
  id: number,
  onTask: (taskId: string, state: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<RunDetail> {
  const reported = new Set<string>();
  const look = async (): Promise<RunDetail | undefined> => {
    const [run] = await findRuns(db, String(id));
    if (!run) throw new Error(`run ${id} is gone`);
    for (const { taskId, state, finishedAt } of await summariseTasks(db, id)) {
      if (!isFinal(state) || finishedAt === null || reported.has(taskId)) continue;
      reported.add(taskId);
      onTask(taskId, state);
    }
    return run.finishedAt !== null || signal?.aborted ? run : undefined;
  };
  return poll(look, PAUSES);
}
