/** Log lines as text, the way console.log writes them. */
import { inspect } from "node:util";

/** Parts separated by spaces; a part that is not a string is inspected. */
export function formatLine(parts: readonly unknown[]): string {
  return parts
    .map((part) =>
      typeof part === "string" ? part : inspect(part, { depth: 6, breakLength: 120 }),
    )
    .join(" ");
}
