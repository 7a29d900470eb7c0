/** What a task writes on its run, for people: labels and a note. */
import { DagsmithError } from "../errors.ts";

/** Longest note, in characters. */
const LONGEST_NOTE = 10_000;

/**
 * Labels and the note of the run that a task belongs to. They are written at once,
 * whatever becomes of the try. The page shows them, and lists of runs can be filtered by
 * a label.
 * @example
 * d.task("count", async ({ run }) => {
 *   await run.label("customer", "acme");
 *   await run.note("12 rows were refused");
 * });
 */
export interface RunNotes {
  /**
   * Gives the run a label; a label with the same key is replaced.
   * @param key 1 to 63 letters, digits, `_`, `-` or `.`
   * @param value at most 200 characters
   * @throws DagsmithError INVALID_LABEL
   */
  label(key: string, value: string): Promise<void>;
  /**
   * Writes the note of the run, in place of the note before.
   * @param text at most 10,000 characters; an empty text removes the note
   * @throws DagsmithError INVALID_ARGUMENT
   */
  note(text: string): Promise<void>;
}

/** @throws DagsmithError INVALID_LABEL */
export function checkLabel(key: unknown, value: unknown): void {
  const isAllowed =
    typeof key === "string" &&
    /^[\w.-]{1,63}$/.test(key) &&
    typeof value === "string" &&
    value.length <= 200 &&
    !value.includes("\0");
  if (isAllowed) return;
  const found = JSON.stringify(`${String(key)}=${String(value)}`).slice(0, 300);
  throw new DagsmithError("INVALID_LABEL", { found });
}

/** @throws DagsmithError INVALID_ARGUMENT */
export function checkNote(text: unknown): void {
  if (typeof text === "string" && text.length <= LONGEST_NOTE) return;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "note",
    reason: `at most ${LONGEST_NOTE} characters`,
  });
}
