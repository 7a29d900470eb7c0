/** What a try is told: the same whether a worker runs it, or somebody runs it again by hand. */
import type { Json } from "../../sdk/json.ts";
import type { TryRequest } from "../child/run_try.ts";
import type { RunSnapshot } from "../store/runs/run_snapshot.ts";

/** The instance, at one of its tries. */
export type TriedInstance = Pick<TryRequest, "taskId" | "mapIndex" | "tryNumber" | "item">;

/** What the task left before its try began, and how much it may leave. */
export type TryValues = Pick<TryRequest, "inputs" | "asksKeys"> & {
  readonly maxOutputBytes: number;
  /** Of an iteration of a loop. */
  readonly previous?: Json | undefined;
};

export function tryRequest(
  instance: TriedInstance,
  facts: RunSnapshot,
  { inputs, previous, maxOutputBytes, asksKeys = false }: TryValues,
): TryRequest {
  const { taskId, mapIndex, tryNumber, item } = instance;
  const {
    runId,
    version,
    logicalDate,
    dataIntervalStart,
    dataIntervalEnd,
    partitionKey,
    params,
    trigger,
  } = facts;
  return {
    ...{
      dagId: version.dagId,
      taskId,
      runId,
      tryNumber,
      mapIndex,
      item,
      inputs,
      params,
      partitionKey,
      trigger,
      maxOutputBytes,
    },
    logicalDate: logicalDate.toISOString(),
    dataIntervalStart: dataIntervalStart.toISOString(),
    dataIntervalEnd: dataIntervalEnd.toISOString(),
    timezone: version.spec.timezone,
    ...(asksKeys && { asksKeys }),
    ...(previous !== undefined && { previous }),
  };
}
