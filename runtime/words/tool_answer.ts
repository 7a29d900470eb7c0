/** The text that a tool answers to a coding agent. */
import { DagsmithError } from "../../sdk/errors.ts";

/** A model cannot read more characters, and its client may refuse them. */
const LONGEST_ANSWER = 200_000;

/**
 * A document as JSON. It is never cut: a part of a document is no JSON.
 * @throws DagsmithError INVALID_ARGUMENT for more than 200,000 characters
 */
export function answerText(document: unknown): string {
  const text = JSON.stringify(document);
  if (text.length <= LONGEST_ANSWER) return text;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "limit",
    reason: `the answer has ${text.length} characters, and a tool answers at most ${LONGEST_ANSWER}; ask for less, for example with a lower "limit", or for one task or try`,
  });
}
