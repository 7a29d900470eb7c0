/** Reads runs as people may see them. */
import { DagsmithError } from "../../../sdk/errors.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import {
  getRun,
  getRunTrigger,
  listRuns,
  type RunDetail,
  type RunQuery,
} from "../../store/reads/runs.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

export type { RunDetail };

const RUN_IDS = ["dagId", "runId", "runType", "state"] as const;

export async function readRuns(
  { reader, mask }: WebServices,
  query: RunQuery,
): Promise<readonly RunDetail[]> {
  return (await listRuns(reader, query)).map((run) => maskRow(mask, run, RUN_IDS));
}

/** @throws DagsmithError UNKNOWN_RUN */
export async function readRunRow({ reader, mask }: WebServices, id: number): Promise<RunDetail> {
  const run = await getRun(reader, id);
  if (!run) throw new DagsmithError("UNKNOWN_RUN", { run: id });
  return maskRow(mask, run, RUN_IDS);
}

/** What created a run; null for a scheduled or manual run. */
export async function readRunTrigger(
  { reader, mask }: WebServices,
  id: number,
): Promise<RunTrigger | null> {
  const trigger = await getRunTrigger(reader, id);
  return trigger && maskRow(mask, trigger, ["type", "name" as never]);
}
