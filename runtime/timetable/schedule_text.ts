/**
 * A schedule in the words of its DAG file, the same on every page and in every command.
 */

import { CRON_PRESETS } from "../../sdk/schedule/cron_presets.ts";
import type {
  AssetCondition,
  CalendarLength,
  EventSpec,
  NamedSchedule,
  ScheduleSpec,
} from "../../sdk/spec/index.ts";
import { conditionText } from "./sources/asset_condition.ts";

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/**
 * When a DAG runs, in words: its schedules, each after its name if it has one, then the
 * assets and the events that it waits for.
 */
export function schedulesText(
  schedules: readonly NamedSchedule[],
  assets: AssetCondition | null = null,
  on: readonly EventSpec[] = [],
): string {
  const times = schedules.map(({ name, schedule }) =>
    name === "" ? scheduleText(schedule) : `${name}: ${scheduleText(schedule)}`,
  );
  const parts = [
    ...times,
    ...(assets ? [`after ${conditionText(assets)}`] : []),
    ...on.map(eventText),
  ];
  return parts.length === 0 ? "on demand" : parts.join(", ");
}

/**
 * `@daily`, `at 0 9 1 * * Europe/Berlin`, `every 1 h 30 m`, `every 1 month`, `at 3
 * instants`.
 */
function scheduleText(schedule: ScheduleSpec): string {
  switch (schedule.type) {
    case "cron_data_interval":
      return zoned(presetOf(schedule.cron), schedule.timezone);
    case "cron_trigger":
      return zoned(`at ${presetOf(schedule.cron)}`, schedule.timezone);
    case "multi_cron_trigger":
      return zoned(`at ${schedule.crons.map(presetOf).join(" and ")}`, schedule.timezone);
    case "cron_partition":
      return zoned(`partition at ${presetOf(schedule.cron)}`, schedule.timezone);
    case "delta_data_interval":
      return `every ${fixedText(schedule.deltaMs)}`;
    case "delta_trigger":
      return `at every ${fixedText(schedule.deltaMs)}`;
    case "calendar_data_interval":
      return zoned(`every ${calendarText(schedule.length)}`, schedule.timezone);
    case "calendar_trigger":
      return zoned(`at every ${calendarText(schedule.length)}`, schedule.timezone);
    case "instants":
      return `at ${schedule.instants.length} ${schedule.instants.length === 1 ? "instant" : "instants"}`;
    case "continuous":
    case "once":
      return `@${schedule.type}`;
    case "none":
      return "on demand";
  }
}

function presetOf(cron: string): string {
  return Object.entries(CRON_PRESETS).find(([, expression]) => expression === cron)?.[0] ?? cron;
}

function zoned(text: string, timezone: string): string {
  return timezone === "UTC" ? text : `${text} ${timezone}`;
}

/** A length without zero units: 5400000 is `1 h 30 m`. */
function fixedText(ms: number): string {
  let left = ms;
  const parts = Object.entries(UNITS_MS).flatMap(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.join(" ");
}

function calendarText({ months, days }: CalendarLength): string {
  const counted = (count: number, unit: string): string =>
    `${count} ${unit}${count === 1 ? "" : "s"}`;
  const inMonths = months % 12 === 0 ? counted(months / 12, "year") : counted(months, "month");
  return [...(months > 0 ? [inMonths] : []), ...(days > 0 ? [counted(days, "day")] : [])].join(
    " and ",
  );
}

/**
 * `on insert, update of public.orders (lake)`, `on messages of orders (events)`, `on
 * webhook build`, `after runs of load and clean`.
 */
function eventText(event: EventSpec): string {
  if (event.type === "messages") return `on messages of ${event.name} (${event.connection})`;
  if (event.type === "webhook") return `on webhook ${event.name}`;
  if (event.type === "dagRun" && event.any) {
    const { tags } = event.any;
    return `after runs of any DAG${tags.length > 0 ? ` tagged ${tags.join(" or ")}` : ""}`;
  }
  if (event.type === "dagRun")
    return `after runs of ${event.runs.map(({ dagId }) => dagId).join(" and ")}`;
  return `on ${event.operations.join(", ")} of ${event.schema}.${event.table} (${event.connection})`;
}
