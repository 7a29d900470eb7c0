/**
 * Deletes the history that DAG_RETENTION calls old. Every ten minutes, in passes of a
 * second: a pass that is cut off goes on three seconds later where it stopped, so that the
 * watchdog sees the loop come round and a scheduler that stops does not wait for a
 * million rows.
 */
import { RESTS, type Retention } from "../../retention.ts";
import type { Job } from "../../service/loop.ts";
import { deleteOldChunks } from "../../store/dags/deployment_chunk.ts";
import { removeSilentSchedulers } from "../../store/fleet/scheduler.ts";
import { cleanHistory, type Deleted } from "../../transactions/clean_history.ts";
import type { JobContext } from "./context.ts";

const EVERY_MS = 600_000;
/** How long one pass deletes. The pause after it leaves the server to the runs. */
const PASS_MS = 1_000;
const PAUSE_MS = RESTS * PASS_MS;

export const cleanHistoryJob = (
  { db }: Pick<JobContext, "db">,
  retention: Retention,
  passMs = PASS_MS,
): Job => {
  let cleaning: AsyncGenerator<Deleted> | undefined;
  return {
    name: "clean_history",
    did: "rows_deleted",
    everyMs: EVERY_MS,
    nextInMs: async () => (cleaning ? PAUSE_MS : null),
    runOnce: async ({ signal }) => {
      if (!cleaning) await removeLeftovers(db);
      const current = cleaning ?? cleanHistory(db, retention);
      // A pass that fails ends the generator; the next pass begins with a new one.
      cleaning = undefined;
      const { rows, isDone } = await deleteFor(current, passMs, signal);
      if (!isDone) cleaning = current;
      return rows;
    },
  };
};

/** What a killed scheduler, and an upload that was given up, leave behind. */
async function removeLeftovers(db: JobContext["db"]): Promise<void> {
  await removeSilentSchedulers(db);
  await deleteOldChunks(db);
}

async function deleteFor(
  cleaning: AsyncGenerator<Deleted>,
  passMs: number,
  signal: AbortSignal,
): Promise<{ readonly rows: number; readonly isDone: boolean }> {
  const endAt = performance.now() + passMs;
  for (let rows = 0; ; ) {
    const { done, value } = await cleaning.next();
    if (done) return { rows, isDone: true };
    rows += value.rows;
    if (signal.aborted || performance.now() > endAt) return { rows, isDone: false };
  }
}
