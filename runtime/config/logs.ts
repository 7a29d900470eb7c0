/** How services write their log. */
import type { Setting } from "./environment.ts";
import { refused } from "./values.ts";

type LogFormat = (typeof FORMATS)[number];

const FORMATS = ["text", "json"] as const;

/** From the most detailed level to the gravest. */
const LEVELS = ["debug", "info", "warn", "error"] as const;

export interface LogSettings {
  readonly logs: {
    /** DAG_LOG_FORMAT. Null: `text` on a terminal, else `json`. */
    readonly format: LogFormat | null;
    /** DAG_LOG_LEVEL: the least level that is written. Default `info`. */
    readonly level: (typeof LEVELS)[number];
  };
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function logSettings(setting: Setting): LogSettings {
  return {
    logs: {
      format: oneOf(setting, "DAG_LOG_FORMAT", FORMATS),
      level: oneOf(setting, "DAG_LOG_LEVEL", LEVELS) ?? "info",
    },
  };
}

function oneOf<Allowed extends string>(
  setting: Setting,
  name: string,
  allowed: readonly Allowed[],
): Allowed | null {
  const text = setting(name);
  if (text === null) return null;
  const found = allowed.find((one) => one === text);
  return found ?? refused(name, `it is "${text}"; allowed: ${allowed.join(", ")}`);
}
