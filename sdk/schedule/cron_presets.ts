/** The presets of cron expressions. Apart from the schedules, which all read them. */
import { DagsmithError } from "../errors.ts";

/**
 * Airflow's presets, and the cron expressions that they stand for.
 * @example CRON_PRESETS["@daily"]; // "0 0 * * *"
 */
export const CRON_PRESETS = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
  "@midnight": "0 0 * * *",
  "@annually": "0 0 1 1 *",
} as const;

/**
 * The expression that a preset stands for; a cron expression unchanged.
 * @throws DagsmithError INVALID_SCHEDULE for an unknown preset
 */
export function cronOf(text: string): string {
  if (!text.startsWith("@")) return text;
  if (Object.hasOwn(CRON_PRESETS, text)) return CRON_PRESETS[text as keyof typeof CRON_PRESETS];
  throw new DagsmithError("INVALID_SCHEDULE", {
    found: JSON.stringify(text),
    reason: "no such preset",
  });
}
