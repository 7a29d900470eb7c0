/** Values as text for people: states, times, lengths of time. */
import { durationText } from "../../words/duration_text.ts";
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

/** A state as its name with a glyph, never as a colour alone. */
export function stateCell(state: string, style: Style): string {
  const [glyph, colour] = GLYPHS[state] ?? ["?", "dim"];
  return style[colour](`${glyph} ${state}`);
}

/** A state with its warnings: the tasks with allowed failures. */
export function stateWithWarnings(state: string, warnings: number, style: Style): string {
  return warnings === 0
    ? stateCell(state, style)
    : `${stateCell(state, style)} ${style.yellow(`⚠ ${warnings} warning${warnings === 1 ? "" : "s"}`)}`;
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

/** A length of time in milliseconds in words; `-` for none. */
export function durationCell(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "-" : durationText(ms);
}

/** The time between two moments in milliseconds; null when one is missing. */
export function between(start: Date | null, end: Date | null): number | null {
  return start && end ? end.getTime() - start.getTime() : null;
}

/** One line of user text for a cell. */
export function cell(text: string | null | undefined): string {
  return text ? safeText(text.replace(/\s+/g, " ").trim()) : "-";
}
