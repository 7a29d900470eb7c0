/** The UUIDs of runs and tries in lineage. They follow from the rows. Pure. */
import { createHash } from "node:crypto";
import type { ReportedTry } from "../store/runs/reported_part.ts";
import type { ReportedRun } from "../store/runs/run_report.ts";

export function runUuid(namespace: string, run: ReportedRun): string {
  return uuid(["run", namespace, ...partsOf(run)]);
}

export function tryUuid(namespace: string, run: ReportedRun, ofTry: ReportedTry): string {
  const { taskId, mapIndex, tryNumber } = ofTry;
  return uuid(["try", namespace, ...partsOf(run), taskId, mapIndex, tryNumber]);
}

const partsOf = ({ id, dagId, runId, generation }: ReportedRun) => [id, dagId, runId, generation];

/** Version 8 of RFC 9562: the bits are the maker's. */
function uuid(parts: readonly (string | number)[]): string {
  const digits = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const variant = ((Number.parseInt(digits.charAt(16), 16) & 3) | 8).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}
