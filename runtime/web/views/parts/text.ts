/** Times and counts as text, the same on every page. */

/**
 * A wall clock reading in UTC: `2026-01-31 04:00:00`, without the seconds when they are
 * zero.
 */
export function utcText(date: Date): string {
  const [day = "", time = ""] = date.toISOString().split("T");
  const clock = time.slice(0, 8);
  return `${day} ${clock.endsWith(":00") ? clock.slice(0, 5) : clock}`;
}

export function tasksText(count: number): string {
  return count === 1 ? "1 task" : `${count} tasks`;
}

/** A date as people say it, in UTC: `Nov 29, 2026, 04:00`. */
export function dayText(date: Date): string {
  const parts = { month: "short", day: "numeric", year: "numeric" } as const;
  const day = date.toLocaleDateString("en", { ...parts, timeZone: "UTC" });
  return `${day}, ${date.toISOString().slice(11, 16)}`;
}
