/** Plain text: its files, its order and its patterns, the same on every machine. */

/** Files whose import gives their text. */
export const TEXT_FILES = [".sql", ".py", ".sh", ".jq", ".graphql", ".txt", ".md"];

/** Order by code units. A collation would depend on the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The text as a regular expression that matches only that text. Node 24 has
 * RegExp.escape; Node 22 does not.
 */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
