/** How values are written for people: states, times, lengths of time. */
import { type Style, safeText } from "./terminal.ts";

const GLYPHS: Readonly<Record<string, readonly [glyph: string, colour: keyof Style]>> = {
  success: ["✔", "green"],
  failed: ["✖", "red"],
  upstream_failed: ["✖", "yellow"],
  skipped: ["↷", "dim"],
  removed: ["↷", "dim"],
  running: ["▶", "cyan"],
  up_for_retry: ["↻", "yellow"],
  up_for_reschedule: ["…", "cyan"],
  deferred: ["…", "cyan"],
  queued: ["…", "dim"],
  scheduled: ["…", "dim"],
  none: ["·", "dim"],
};

/** A state, never by colour alone. */
export function stateText(state: string, style: Style): string {
  const [glyph, colour] = GLYPHS[state] ?? ["?", "dim"];
  return style[colour](`${glyph} ${state}`);
}

/** A state with the warnings that go with it: what failed and was allowed to. */
export function stateWithWarnings(state: string, warnings: number, style: Style): string {
  return warnings === 0
    ? stateText(state, style)
    : `${stateText(state, style)} ${style.yellow(`⚠ ${warnings} warning${warnings === 1 ? "" : "s"}`)}`;
}

/** `2026-01-31 04:00:00Z`; `-` for none. */
export function timeText(date: Date | null | undefined): string {
  return date
    ? date
        .toISOString()
        .replace("T", " ")
        .replace(/\.\d+Z$/, "Z")
    : "-";
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** `12 ms`, `3.4 s`, `2 min 5 s`, `3 h 10 min`; `-` for none. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return twoUnits(ms, MINUTE, "min", SECOND, "s");
  return twoUnits(ms, HOUR, "h", MINUTE, "min");
}

function twoUnits(
  ms: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** The time between two moments in milliseconds; null when one is missing. */
export function between(start: Date | null, end: Date | null): number | null {
  return start && end ? end.getTime() - start.getTime() : null;
}

/** One line of user text for a cell. */
export function cell(text: string | null | undefined): string {
  return text ? safeText(text.replace(/\s+/g, " ").trim()) : "-";
}
