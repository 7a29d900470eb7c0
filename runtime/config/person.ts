/** Who uses the command line, and how it may show text. */
import { hostname, userInfo } from "node:os";
import type { Setting } from "./environment.ts";

export interface PersonSettings {
  /** False when NO_COLOR is set, or the terminal calls itself dumb. */
  readonly colorAllowed: boolean;
  /** The user of the system and its host, for the audit: `ada@laptop`. */
  readonly user: string;
}

export function personSettings(setting: Setting): PersonSettings {
  return {
    colorAllowed: setting("NO_COLOR") === null && setting("TERM") !== "dumb",
    user: `${systemUser()}@${hostname()}`,
  };
}

/** Read from the system: a variable such as USER may hold any name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // The user has no name on this machine, as in many containers.
    return String(process.getuid?.() ?? "unknown");
  }
}
