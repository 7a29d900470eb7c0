/**
 * Runs the scheduler over virtual time, for a test of a DAG: what the scheduler would do,
 * as plain JSON.
 */
import { DateTime } from "luxon";
import { type Dag, isDag } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { type Duration, durationMs } from "../../sdk/duration.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import { simulate as run } from "../scheduler/simulation/simulate.ts";
import type { Simulation } from "../scheduler/simulation/simulation.ts";

/**
 * Options of {@link simulate}.
 * @example
 * simulate(d, {
 *   from: "2026-03-01",
 *   to: "2026-03-31",
 *   duration: "20m",
 *   pools: { lake: 4 },
 * });
 */
export interface SimulateOptions {
  /**
   * ISO 8601, inclusive, in UTC when it names no offset. Everything before counts as
   * done.
   */
  readonly from: string;
  /** ISO 8601, inclusive, in UTC when it names no offset. */
  readonly to: string;
  /**
   * When the scheduler starts; what fell due since `from` was missed. Default: `from`.
   */
  readonly now?: string;
  /** How long each run takes. Default `"1m"`. */
  readonly duration?: Duration;
  /** How long the runs of a DAG take, by its id. Default: {@link duration}. */
  readonly durations?: Readonly<Record<string, Duration>>;
  /** Slots of pools, by name. Default: no limits. */
  readonly pools?: Readonly<Record<string, number>>;
}

/**
 * What the scheduler would do, as JSON. Dates are ISO 8601 in UTC.
 * @example
 * const month: SimulationResult = simulate(d, { from: "2026-03-01", to: "2026-03-31" });
 */
export type SimulationResult = AsJson<Simulation>;
type AsJson<Value> = Value extends Date
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: AsJson<Value[Key]> }
    : Value;

/**
 * Runs the real scheduler over virtual time. It does not sleep, needs no database, and
 * returns the same result each time, so that the result fits a snapshot.
 * @returns the decision for each interval, overlaps, days with a clock change, and the
 *   use of pools
 * @throws DagsmithError for a DAG that could not be deployed; INVALID_DATE;
 *   SIMULATION_TOO_LARGE
 * @example
 * expect(simulate([dag], { from: "2026-03-28", to: "2026-03-30" })).toMatchSnapshot();
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
