/** Waits for the end of a backfill and reports its progress whenever it changes. */
import { poll } from "../../service/poll.ts";

import type { Queryable } from "../../store/database/database.ts";
import { type BackfillSummary, findBackfill } from "../../store/reads/backfills.ts";
import { progressBar } from "./backfill_report.ts";

/** How often the database is asked, in milliseconds. */
const PAUSES = { firstMs: 100, longestMs: 2_000 };

export async function waitForBackfill(
  db: Queryable,
  id: number,
  onProgress: (line: string) => void,
): Promise<BackfillSummary> {
  let shown = "";
  const look = async (): Promise<BackfillSummary | undefined> => {
    const backfill = await findBackfill(db, id);
    if (!backfill) throw new Error(`backfill ${id} is gone`);
    const line = `  ${progressBar(backfill.progress)}`;
    if (line !== shown) onProgress(line);
    shown = line;
    return backfill.endedAt === null ? undefined : backfill;
  };
  return poll(look, PAUSES);
}
