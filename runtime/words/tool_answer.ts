/** The length of what a tool answers to a coding agent. */

/** A model cannot read more characters, and its client may refuse them. */
const LONGEST_ANSWER = 200_000;

/** Cuts an answer that is too long, and says so. */
export function cutAnswer(text: string): string {
  if (text.length <= LONGEST_ANSWER) return text;
  return `${text.slice(0, LONGEST_ANSWER)}\n… cut after ${LONGEST_ANSWER} characters; ask for less, for example with "limit".`;
}
