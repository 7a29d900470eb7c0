/**
 * A schedule in plain words, for lists that people read: `every hour`, `every day at
 * 02:00 (Europe/Berlin)`. What has no short words stays as the DAG file writes it.
 */
import type {
  AssetCondition,
  EventSpec,
  NamedSchedule,
  ScheduleSpec,
} from "../../sdk/spec/index.ts";
import { schedulesText } from "./schedule_text.ts";

/** As {@link schedulesText}, with common crons in words. */
export function plainSchedules(
  schedules: readonly NamedSchedule[],
  assets: AssetCondition | null,
  on: readonly EventSpec[],
): string {
  const [only] = schedules;
  const isOne = schedules.length === 1 && assets === null && on.length === 0;
  const plain = only !== undefined && isOne ? plainSchedule(only.schedule) : null;
  return plain ?? schedulesText(schedules, assets, on);
}

function plainSchedule(schedule: ScheduleSpec): string | null {
  if (schedule.type !== "cron_data_interval" && schedule.type !== "cron_trigger") return null;
  const words = plainCron(schedule.cron);
  if (words === null) return null;
  return schedule.timezone === "UTC" ? words : `${words} (${schedule.timezone})`;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The words of a cron of five fields; null for one that needs more than a few words. */
export function plainCron(cron: string): string | null {
  const [minute = "", hour = "", day = "", month = "", weekday = "", ...more] = cron.split(" ");
  if (more.length > 0 || month !== "*") return null;
  if (hour === "*" && day === "*" && weekday === "*") return everyMinutes(minute);
  const clock = clockOf(minute, hour);
  if (clock === null) return null;
  if (day === "*" && weekday === "*") return `every day at ${clock}`;
  if (day === "*") return weekdays(weekday, clock);
  return weekday === "*" && isIn(day, 1, 31)
    ? `on day ${Number(day)} of the month at ${clock}`
    : null;
}

function everyMinutes(minute: string): string | null {
  if (minute === "*") return "every minute";
  if (minute === "0") return "every hour";
  if (isIn(minute, 1, 59)) return `every hour at minute ${Number(minute)}`;
  const step = /^\*\/(\d+)$/.exec(minute)?.[1];
  // Other steps have a shorter gap at the full hour.
  return step && 60 % Number(step) === 0 ? `every ${Number(step)} minutes` : null;
}

function weekdays(weekday: string, clock: string): string | null {
  if (weekday === "1-5") return `Monday to Friday at ${clock}`;
  return isIn(weekday, 0, 7) ? `every ${DAYS[Number(weekday) % 7]} at ${clock}` : null;
}

function clockOf(minute: string, hour: string): string | null {
  if (!isIn(minute, 0, 59) || !isIn(hour, 0, 23)) return null;
  return `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}

function isIn(text: string, from: number, to: number): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) >= from && Number(text) <= to;
}
