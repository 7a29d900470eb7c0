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
