/** Waits for the end of a backfill, and tells how far it is whenever that changes. */
import { type BackfillSummary, findBackfill } from "../../store/backfills/backfill_list.ts";
import type { Queryable } from "../../store/database/database.ts";
import { progressBar } from "./backfill_report.ts";

/** How often the database is asked, in milliseconds. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export async function waitForBackfill(
  db: Queryable,
  id: number,
  onProgress: (line: string) => void,
): Promise<BackfillSummary> {
  let told = "";
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    const backfill = await findBackfill(db, id);
    if (!backfill) throw new Error(`backfill ${id} is gone`);
    const line = `  ${progressBar(backfill.progress)}`;
    if (line !== told) onProgress(line);
    told = line;
    if (backfill.endedAt !== null) return backfill;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
