/** Reads backfills as people may see them. */
import { DagsmithError } from "../../../sdk/errors.ts";
import {
  type BackfillRunSummary,
  type BackfillSummary,
  findBackfill,
  listBackfillRuns,
  listBackfills,
} from "../../store/reads/backfills.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

const BACKFILL_IDS = [
  "dagId",
  "schedule",
  "scheduleSpec",
  "state",
  "reprocess",
  "code",
  "progress",
] as const;

/** The backfills of a DAG, newest first. */
export async function readBackfills(
  { reader, mask }: WebServices,
  dagId: string,
  limit: number,
): Promise<readonly BackfillSummary[]> {
  const found = await listBackfills(reader, dagId, limit);
  return found.map((backfill) => maskRow(mask, backfill, BACKFILL_IDS));
}

/** @throws DagsmithError UNKNOWN_BACKFILL */
export async function readBackfill(
  { reader, mask }: WebServices,
  id: number,
): Promise<BackfillSummary> {
  const found = await findBackfill(reader, id);
  if (!found) throw new DagsmithError("UNKNOWN_BACKFILL", { backfill: id });
  return maskRow(mask, found, BACKFILL_IDS);
}

/** The runs of a backfill in their order, after an ordinal. */
export async function readBackfillRuns(
  { reader, mask }: WebServices,
  id: number,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly BackfillRunSummary[]> {
  const found = await listBackfillRuns(reader, id, after, limit);
  return found.map((run) => maskRow(mask, run, ["decision", "runId", "runState"]));
}
