/** Reads what needs people first, as people may see it. */
import {
  type FailedRun,
  type LateRun,
  listFailedRuns,
  listLateRuns,
} from "../../store/reads/attention.ts";
import type { VisibleTags } from "../../store/reads/dag_tags.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

/** Rows of one band; the link below it leads to all. */
const SHOWN = 6;
const IDS = ["dagId", "runId", "runType", "taskId"] as const;

export interface Attention {
  readonly failed: readonly FailedRun[];
  readonly late: readonly LateRun[];
}

export async function readAttention(
  { reader, mask }: WebServices,
  visible: VisibleTags,
): Promise<Attention> {
  const [failed, late] = await Promise.all([
    listFailedRuns(reader, SHOWN, visible),
    listLateRuns(reader, SHOWN, visible),
  ]);
  return { failed: failed.map((run) => maskRow(mask, run, IDS)), late };
}
