/** Reads what tasks remember, as people may see it: state between runs, and steps. */
import { type StateQuery, type StateRow, stateOfDag, stateSetBy } from "../../store/reads/state.ts";
import { listSteps, type StepRow } from "../../store/reads/steps.ts";
import type { WebServices } from "../http/services.ts";
import { type Mask, maskRow } from "./mask.ts";

export type { StateRow, StateWriter } from "../../store/reads/state.ts";
export type { StepRow } from "../../store/reads/steps.ts";

export interface StatePage {
  readonly state: readonly StateRow[];
  /** `after` of the next page; null on the last. */
  readonly next: string | null;
}

/** The state of a DAG and its tasks, a page at a time. */
export async function readState(
  { reader, mask }: WebServices,
  query: StateQuery,
): Promise<StatePage> {
  const found = await stateOfDag(reader, query);
  const last = found.length < query.limit ? undefined : found.at(-1);
  return {
    state: found.map((row) => shown(mask, row)),
    next: last ? `${last.scope} ${last.key}` : null,
  };
}

interface Instance {
  readonly id: number;
  readonly taskId: string;
  readonly mapIndex: number;
}

/** The values that a task instance set last. */
export async function readSetState(
  { reader, mask }: WebServices,
  { id, taskId, mapIndex }: Instance,
): Promise<readonly StateRow[]> {
  return (await stateSetBy(reader, id, taskId, mapIndex)).map((row) => shown(mask, row));
}

/** The steps of a task instance. */
export async function readSteps(
  { reader, mask }: WebServices,
  { id, taskId, mapIndex }: Instance,
): Promise<readonly StepRow[]> {
  const steps = await listSteps(reader, id, taskId, mapIndex);
  return steps.map((step) => maskRow(mask, step, ["state"]));
}

/** Scope and key stay: they are the address of a value. */
function shown(mask: Mask, row: StateRow): StateRow {
  return maskRow(mask, row, ["scope", "key", "writer"]);
}
