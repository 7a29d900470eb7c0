/** The scheduler over virtual time, for a test of one's own: what it would do with these DAGs, as plain JSON. */
import { DateTime } from "luxon";
import { type Dag, isDag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { type Duration, durationMs } from "../../sdk/duration.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { simulate as run } from "../scheduler/simulation/simulate.ts";
import type { Simulation } from "../scheduler/simulation/simulation.ts";

export interface SimulateOptions {
  /** ISO 8601, inclusive; everything before has run. In UTC when it names no offset. */
  readonly from: string;
  /** ISO 8601, inclusive. */
  readonly to: string;
  /** When the scheduler first looks: what fell due since `from` was missed. Default: `from`. */
  readonly now?: string;
  /** How long each run takes. Default `"1m"`. */
  readonly duration?: Duration;
  /** How long the runs of a DAG take, by its id; others take {@link duration}. */
  readonly durations?: Readonly<Record<string, Duration>>;
  /** Slots of pools, by name. */
  readonly pools?: Readonly<Record<string, number>>;
}

/** A {@link Simulation} whose dates are ISO 8601 in UTC. */
export type SimulationResult = AsJson<Simulation>;
type AsJson<Value> = Value extends Date
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: AsJson<Value[Key]> }
    : Value;

/**
 * Runs the real scheduler over virtual time: no sleeping, no database, the same answer each time, so that it fits a snapshot.
 * @returns the slots and what became of each, overlaps, days with a clock change, what pools are asked for
 * @throws DagsmithError what `describeDag` throws; INVALID_DATE; SIMULATION_TOO_LARGE
 * @example expect(simulate([dag], { from: "2026-03-28", to: "2026-03-30" })).toMatchSnapshot();
 */
export function simulate(
  dags: Dag<unknown> | readonly Dag<unknown>[],
  options: SimulateOptions,
): SimulationResult {
  const { duration = "1m", durations = {}, pools } = options;
  const request = {
    dags: (isDag(dags) ? [dags] : dags).map((dag) => ({
      spec: describeDag(dag),
      durationMs: durationMs(durations[dag.dagId] ?? duration),
    })),
    from: dateOf(options.from, "from"),
    to: dateOf(options.to, "to"),
    ...(options.now !== undefined && { now: dateOf(options.now, "now") }),
    ...(pools && { pools }),
  };
  return JSON.parse(JSON.stringify(run(request))) as SimulationResult;
}

function dateOf(text: string, where: string): Date {
  const date = DateTime.fromISO(text, { zone: "UTC" });
  if (!date.isValid)
    throw new DagsmithError("INVALID_DATE", { found: JSON.stringify(text), where });
  return date.toJSDate();
}
