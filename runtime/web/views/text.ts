/** Times, lengths of time and schedules in words, the same on every page. */
import type { NamedSchedule, ScheduleSpec } from "../../../sdk/schedule.ts";
import { CRON_PRESETS } from "../../../sdk/schedule.ts";
import type { AssetCondition } from "../../../sdk/spec.ts";
import { conditionText } from "../../state/asset_condition.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `340 ms`, `4.2 s`, `3 m 05 s`, `2 h 05 m`, `3 d 02 h`. */
export function durationText(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${two((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${two((ms % HOUR) / MINUTE)} m`;
  return `${Math.floor(ms / DAY)} d ${two((ms % DAY) / HOUR)} h`;
}

/** A wall clock reading in UTC: `2026-01-31 04:00:00`, without the seconds when they are zero. */
export function utcText(date: Date): string {
  const [day = "", time = ""] = date.toISOString().split("T");
  const clock = time.slice(0, 8);
  return `${day} ${clock.endsWith(":00") ? clock.slice(0, 5) : clock}`;
}

/** When a DAG runs: its schedules in words, each behind its name if it has one. */
export function schedulesText(schedules: readonly NamedSchedule[], assets: AssetCondition | null = null): string {
  if (schedules.length === 0 && assets === null) return "on demand";
  const times = schedules.map(({ name, schedule }) => (name === "" ? scheduleText(schedule) : `${name}: ${scheduleText(schedule)}`));
  return [...times, ...(assets ? [`after ${conditionText(assets)}`] : [])].join(", ");
}

/** A preset, its cron expression, or words. */
function scheduleText(schedule: ScheduleSpec): string {
  switch (schedule.type) {
    case "none":
      return "on demand";
    case "once":
      return "once";
    case "delta_data_interval":
      return `every ${wholeText(schedule.deltaMs)}`;
    case "cron_trigger":
    case "cron_data_interval":
      return zoned(presetOf(schedule.cron) ?? schedule.cron, schedule.timezone);
  }
}

/** A whole length without the zeros: `90 m` is `1 h 30 m`, `86400000` is `1 d`. */
function wholeText(ms: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(ms / DAY), "d"],
    [Math.floor((ms % DAY) / HOUR), "h"],
    [Math.floor((ms % HOUR) / MINUTE), "m"],
    [(ms % MINUTE) / SECOND, "s"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

function presetOf(cron: string): string | undefined {
  return Object.entries(CRON_PRESETS).find(([, expression]) => expression === cron)?.[0];
}

function zoned(text: string, timezone: string): string {
  return timezone === "UTC" ? text : `${text} ${timezone}`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
