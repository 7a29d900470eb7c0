/** Schedules in the words of the DAG file. */
import { CRON_PRESETS, type NamedSchedule, type ScheduleSpec } from "../../sdk/schedule.ts";
import type { AssetCondition } from "../../sdk/spec.ts";
import { conditionText } from "../state/asset_condition.ts";
import { durationText } from "./words.ts";

export function schedulesText(schedules: readonly NamedSchedule[], assets: AssetCondition | null = null): string {
  if (schedules.length === 0 && assets === null) return "-";
  const times = schedules.map(({ name, schedule }) => (name === "" ? scheduleText(schedule) : `${name}: ${scheduleText(schedule)}`));
  return [...times, ...(assets ? [`after ${conditionText(assets)}`] : [])].join(", ");
}

function scheduleText(schedule: ScheduleSpec): string {
  switch (schedule.type) {
    case "cron_data_interval":
      return zoned(presetOf(schedule.cron), schedule.timezone);
    case "cron_trigger":
      return zoned(`at ${presetOf(schedule.cron)}`, schedule.timezone);
    case "delta_data_interval":
      return `every ${durationText(schedule.deltaMs)}`;
    case "once":
      return "@once";
    case "none":
      return "-";
  }
}

function presetOf(cron: string): string {
  return Object.entries(CRON_PRESETS).find(([, expression]) => expression === cron)?.[0] ?? cron;
}

function zoned(text: string, timezone: string): string {
  return timezone === "UTC" ? text : `${text} ${timezone}`;
}
