/** Reads one instance in short: for the panel next to the grid. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { getInstance, type InstanceRow, locateInstance } from "../../store/reads/instances.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";
import { readRunRow } from "./read_runs.ts";

export interface PanelView {
  readonly run: RunDetail;
  readonly instance: InstanceRow;
}

/** @throws DagsmithError UNKNOWN_INSTANCE */
export async function readPanel(services: WebServices, id: number): Promise<PanelView> {
  const { reader, mask } = services;
  const at = await locateInstance(reader, id);
  const instance = at && (await getInstance(reader, at.runId, at.taskId, at.mapIndex));
  if (!instance) throw new DagsmithError("UNKNOWN_INSTANCE", { instance: id });
  const run = await readRunRow(services, at.runId);
  return { run, instance: maskRow(mask, instance, ["taskId", "state", "workerId"]) };
}
