/**
 * Over which time a DAG and its tasks run, as plain data: schedules, bounds, and missed
 * intervals.
 */
import type { DagOptions } from "../dag/dag_options.ts";
import { utcInstant } from "../instant.ts";
import { invalidOption, wholeNumber } from "../option_values.ts";
import type { Catchup, CatchupOrder, DagSpec, TaskSpec } from "../spec/index.ts";
import { splitSchedule } from "./describe_assets.ts";
import { describeSchedules } from "./describe_schedules.ts";

type When = Pick<DagSpec, "schedules" | "startDate" | "endDate" | "catchup">;
type Dates = { readonly [Name in "startDate" | "endDate"]?: string | undefined };

/** @throws DagsmithError INVALID_SCHEDULE, INVALID_DATE, INVALID_OPTION */
export function describeWhen(
  options: DagOptions,
  dagId: string,
  timezone: string,
  tasks: readonly TaskSpec[],
): When & Pick<DagSpec, "catchupOrder"> {
  const where = `DAG "${dagId}"`;
  const schedules = describeSchedules(splitSchedule(options.schedule).time, timezone, dagId);
  const { startDate, endDate } = describeDates(options, timezone, where);
  const missed = catchup(options.catchup, where);
  const started = startDate !== null || tasks.some((task) => task.startDate !== null);
  if (
    missed === "all" &&
    !started &&
    schedules.some(({ schedule }) => !["once", "continuous", "instants"].includes(schedule.type))
  ) {
    throw invalidOption(where, "startDate", "not set", 'a date, as catchup is "all"');
  }
  return {
    schedules,
    startDate,
    endDate,
    catchup: missed,
    ...catchupOrder(options.catchupOrder, where),
  };
}

/**
 * The first and last logical date of a DAG, or of a task.
 * @throws DagsmithError INVALID_DATE, INVALID_OPTION
 */
export function describeDates(
  options: Dates,
  timezone: string,
  where: string,
): Pick<DagSpec, "startDate" | "endDate"> {
  const [startDate = null, endDate = null] = (["startDate", "endDate"] as const).map((name) => {
    const text = options[name];
    return text === undefined ? null : utcInstant(text, timezone, `${name} of ${where}`);
  });
  if (startDate === null || endDate === null || startDate <= endDate) return { startDate, endDate };
  throw invalidOption(where, "endDate", endDate, `a date not before the startDate ${startDate}`);
}

/**
 * A continuous schedule always has an active run; a second run at the same time would
 * work on the same data.
 * @throws DagsmithError INVALID_OPTION
 */
export function describeMaxActiveRuns(
  { maxActiveRuns }: DagOptions,
  { schedules }: When,
  where: string,
): number {
  const continuous = schedules.some(({ schedule }) => schedule.type === "continuous");
  const most = wholeNumber(maxActiveRuns ?? (continuous ? 1 : 16), 1, "maxActiveRuns", where);
  if (!continuous || most === 1) return most;
  throw invalidOption(where, "maxActiveRuns", String(most), "1, as it runs @continuous");
}

function catchup(value: boolean | Catchup | undefined, where: string): Catchup {
  if (value === true) return "all";
  if (value === false || value === undefined) return "last";
  if (["all", "last", "none"].includes(value)) return value;
  throw invalidOption(
    where,
    "catchup",
    JSON.stringify(value),
    'true, false, "all", "last", "none"',
  );
}

/** The default is left out of the spec. */
function catchupOrder(
  value: CatchupOrder | undefined,
  where: string,
): Pick<DagSpec, "catchupOrder"> {
  if (value === undefined || value === "oldest") return {};
  if (value === "newest") return { catchupOrder: value };
  throw invalidOption(where, "catchupOrder", JSON.stringify(value), '"oldest", "newest"');
}
