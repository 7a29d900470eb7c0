/**
 * A simulation as text: the result of each DAG, the first decisions, and remarks about
 * the rest.
 */

import { decisionReason } from "../../scheduler/decisions/decision_reason.ts";
import type { SimulatedDecision, Simulation } from "../../scheduler/simulation/simulation.ts";
import { table } from "../output/table.ts";
import { cell, durationCell, timeText } from "../output/words.ts";

/**
 * Most overlaps, clock changes and times without intervals that are listed; of further
 * ones only the number.
 */
const MOST_LISTED = 20;

/** @param limit most decisions to show */
export function simulationLines(simulation: Simulation, limit: number): readonly string[] {
  const { dags, decisions, overlaps, clockChanges, pools } = simulation;
  return [
    ...table(
      ["dag", "runs", "skipped", "most at once", "longest wait", "error"],
      dags.map((dag) => [
        ...[
          dag.dagId,
          String(dag.runs),
          dag.skipped === null ? "many" : String(dag.skipped),
          String(dag.mostAtOnce),
        ],
        ...[durationCell(dag.longestWaitMs), cell(dag.error)],
      ]),
    ),
    ...section(
      "Decisions",
      ["decided", "dag", "schedule", "logical date", "decision"],
      decisions.slice(0, limit).map(decisionCells),
      decisions.length,
    ),
    ...section(
      "Several active runs of one DAG",
      ["dag", "from", "to", "runs"],
      overlaps
        .slice(0, MOST_LISTED)
        .map(({ dagId, from, to, runs }) => [dagId, timeText(from), timeText(to), String(runs)]),
      overlaps.length,
    ),
    ...section(
      "Days on which clocks change",
      ["dag", "day", "timezone", "minutes", "intervals"],
      clockChanges
        .slice(0, MOST_LISTED)
        .map(({ dagId, date, timezone, minutes, intervals: touched }) => [
          dagId,
          date,
          timezone,
          signed(minutes),
          String(touched),
        ]),
      clockChanges.length,
    ),
    ...section(
      "Pools",
      ["pool", "slots", "most needed", "at", "times without enough slots"],
      pools.map(({ pool, slots: size, most, mostAt, saturated }) => [
        ...[
          pool,
          size === null ? "-" : String(size),
          String(most),
          timeText(mostAt),
          String(saturated.length),
        ],
      ]),
      pools.length,
    ),
  ];
}

function decisionCells({
  decidedAt,
  dagId,
  schedule,
  logicalDate,
  lastLogicalDate,
  count,
  decision,
  reason,
}: SimulatedDecision): readonly string[] {
  const dates =
    logicalDate < lastLogicalDate
      ? `${timeText(logicalDate)} to ${timeText(lastLogicalDate)}`
      : timeText(logicalDate);
  const skipped = `skipped ${count ?? "many"}: ${decisionReason({ reason, detail: null })}`;
  return [
    timeText(decidedAt),
    dagId,
    schedule === "" ? "-" : schedule,
    dates,
    decision === "run" ? "run" : skipped,
  ];
}

function section(
  title: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  count: number,
): readonly string[] {
  if (count === 0) return [];
  const more = count > rows.length ? [`… ${count - rows.length} more`] : [];
  return ["", `${title}: ${count}`, ...(rows.length > 0 ? table(headings, rows) : []), ...more];
}

function signed(minutes: number): string {
  return minutes > 0 ? `+${minutes}` : String(minutes);
}
