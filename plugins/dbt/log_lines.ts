/** The lines that dbt writes as JSON, as lines of the task's log with their level. */
import type { TaskLog } from "dagsmith";

interface Line {
  readonly info?: { readonly level?: string; readonly msg?: string };
}

/** A log for a process that writes as dbt does. */
export function dbtLog(log: TaskLog): TaskLog {
  const write = (...parts: readonly unknown[]): void => {
    const { level, text } = parsed(String(parts[0]));
    if (text.trim() !== "") log[level](text);
  };
  return { debug: write, info: write, warn: write, error: write };
}

function parsed(line: string): { readonly level: keyof TaskLog; readonly text: string } {
  try {
    const { info } = JSON.parse(line) as Line;
    return { level: levelOf(info?.level), text: info?.msg ?? line };
  } catch {
    // Python itself writes text, such as the trace of an error.
    return { level: "warn", text: line };
  }
}

function levelOf(level: string | undefined): keyof TaskLog {
  if (level === "debug" || level === "warn" || level === "error") return level;
  return "info";
}
