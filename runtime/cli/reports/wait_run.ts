/** Waits for the end of a run, and tells of its tasks on the way. */
import { poll } from "../../service/poll.ts";
import { isFinal } from "../../state/task_state.ts";
import type { Queryable } from "../../store/database/database.ts";
import { findRuns, type RunDetail } from "../../store/reads/runs.ts";
import { summariseTasks } from "../../store/reads/task_states.ts";

/** How often the database is asked, in milliseconds: soon at first, for runs that take no time. */
const PAUSES = { firstMs: 50, longestMs: 1_000 };

/**
 * @param onTask told once of each task when all its instances have ended
 * @param signal ends the waiting; the run is then given as it is
 */
export async function waitForRun(
  db: Queryable,
  id: number,
  onTask: (taskId: string, state: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<RunDetail> {
  const told = new Set<string>();
  const look = async (): Promise<RunDetail | undefined> => {
    const [run] = await findRuns(db, String(id));
    if (!run) throw new Error(`run ${id} is gone`);
    for (const { taskId, state, finishedAt } of await summariseTasks(db, id)) {
      if (!isFinal(state) || finishedAt === null || told.has(taskId)) continue;
      told.add(taskId);
      onTask(taskId, state);
    }
    return run.finishedAt !== null || signal?.aborted ? run : undefined;
  };
  return poll(look, PAUSES);
}
