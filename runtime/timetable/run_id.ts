/** Ids of runs. A slot of a schedule has one id for ever, so the database can refuse to run it twice. */
import type { RunInfo } from "./interval.ts";

/**
 * `<type>__<instant>`: a scheduled run is named by its logical date (the interval's start, or the tick of a schedule that runs at ticks),
 * one that somebody asked for by when it runs.
 * @example runIdOf("scheduled", run) // "scheduled__2026-01-01T00:00:00+00:00"
 */
export function runIdOf(type: "scheduled" | "manual", run: Pick<RunInfo, "logicalDate" | "runAfter">): string {
  const instant = type === "scheduled" ? run.logicalDate : run.runAfter;
  // Whole seconds are written without a fraction.
  return `${type}__${instant.toISOString().replace(/(?:\.000)?Z$/, "+00:00")}`;
}
