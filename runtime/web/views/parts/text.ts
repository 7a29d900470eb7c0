/** Times and lengths of time in words, the same on every page. */

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

export function tasksText(count: number): string {
  return count === 1 ? "1 task" : `${count} tasks`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
