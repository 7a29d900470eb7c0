/**
 * The ids of traces and spans. They follow from the run and the try, so that every process
 * knows them without asking, and a crash never breaks a trace. Pure.
 */
import { createHash } from "node:crypto";

/** A run, as its ids are made of it. */
export interface TracedRun {
  readonly id: number;
  readonly dagId: string;
  readonly runId: string;
  /** A cleared run is a trace of its own. */
  readonly generation: number;
}

export interface TracedTry {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

/** 32 hexadecimal digits. */
export function traceIdOf(run: TracedRun): string {
  return digits(["trace", ...partsOf(run)], 32);
}

/** The span of a run: 16 hexadecimal digits. */
export function runSpanId(run: TracedRun): string {
  return digits(["run", ...partsOf(run)], 16);
}

/** The span of a try: 16 hexadecimal digits. */
export function trySpanId(run: TracedRun, { taskId, mapIndex, tryNumber }: TracedTry): string {
  return digits(["try", ...partsOf(run), taskId, mapIndex, tryNumber], 16);
}

/** The header `traceparent` of a try, by the W3C recommendation Trace Context. */
export function traceparentOf(run: TracedRun, ofTry: TracedTry): string {
  return `00-${traceIdOf(run)}-${trySpanId(run, ofTry)}-01`;
}

const partsOf = ({ id, dagId, runId, generation }: TracedRun) => [id, dagId, runId, generation];

function digits(parts: readonly (string | number)[], count: number): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, count);
}
