/**
 * Reads a secret without leaving a trace: from standard input, or from a prompt that does
 * not show it.
 */
import { text as readAll } from "node:stream/consumers";
import { wrongUsage } from "../command.ts";

/**
 * `given` unless it is missing or `-`. @throws DagsmithError INVALID_ARGUMENT when there
 * is nothing to read
 */
export async function secretInput(argument: string, given: string | undefined): Promise<string> {
  if (given !== undefined && given !== "-") return given;
  if (given === "-" || !process.stdin.isTTY)
    return (await readAll(process.stdin)).replace(/\r?\n$/, "");
  const { isCancel, password } = await import("@clack/prompts");
  const typed = await password({ message: argument });
  return isCancel(typed) || typed === "" ? wrongUsage(argument, "nothing was given") : typed;
}
