/** Schedules in plain words: only where the words say exactly what the cron says. */
import { expect, test } from "vitest";
import { plainCron, plainSchedules } from "../../../runtime/timetable/plain_schedule.ts";

test.each([
  ["*/7 * * * *", "a shorter gap at the full hour"],
  ["0 0 1 1 *", "a month"],
  ["0 0 1 * 1", "a day of the month or of the week"],
  ["0 9-17 * * *", "a range of hours"],
  ["0,30 * * * *", "a list"],
  ["0 0 32 * *", "a day that no month has"],
  ["0 0 L * *", "the last day"],
  ["0 0 * * * *", "seconds"],
  ["0 0 * * 8", "an eighth weekday"],
])("%s stays as it is written: %s", (cron) => {
  expect(plainCron(cron)).toBeNull();
});

test.each([
  ["* * * * *", "every minute"],
  ["*/15 * * * *", "every 15 minutes"],
  ["0 * * * *", "every hour"],
  ["5 * * * *", "every hour at minute 5"],
  ["0 2 * * *", "every day at 02:00"],
  ["30 5 * * 1", "every Monday at 05:30"],
  ["0 0 * * 7", "every Sunday at 00:00"],
  ["0 9 * * 1-5", "Monday to Friday at 09:00"],
  ["0 4 1 * *", "on day 1 of the month at 04:00"],
])("%s is %s", (cron, words) => {
  expect(plainCron(cron)).toBe(words);
});

test("the timezone is named unless it is UTC, and several schedules stay as they are written", () => {
  const daily = (timezone: string) => ({
    name: "",
    schedule: { type: "cron_data_interval", cron: "0 2 * * *", timezone } as const,
    params: {},
  });
  expect(plainSchedules([daily("UTC")], null, [])).toBe("every day at 02:00");
  expect(plainSchedules([daily("Europe/Berlin")], null, [])).toBe(
    "every day at 02:00 (Europe/Berlin)",
  );
  expect(plainSchedules([], null, [])).toBe("on demand");
  expect(plainSchedules([daily("UTC"), daily("UTC")], null, [])).toBe("0 2 * * *, 0 2 * * *");
});
