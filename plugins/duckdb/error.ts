/** Errors of DuckDB as those of a task: which database, what is wrong, what to do. Pure. */
import { errorMessage, FailTask } from "dagsmith";

/** What a retry may mend: another process holds the file, a network, a full disk. */
const PASSING = /^(IO|HTTP|Connection|TransactionContext|Out of Memory|INTERNAL|FATAL) Error/i;

/**
 * @param place the path of the database, or `in memory`
 * @returns FailTask where a retry cannot help
 */
export function duckdbError(place: string, error: unknown): Error {
  const [said = "", excerpt] = errorMessage(error).split(/\n+(?=LINE \d+:)/);
  const [, line] = /^LINE (\d+):/.exec(excerpt ?? "") ?? [];
  const reason = said.trim().replace(/\s*\n\s*/g, " ");
  const message = `DuckDB (${place}): ${reason}${line ? ` (line ${line})` : ""}${advice(said)}`;
  return PASSING.test(said)
    ? new Error(message, { cause: error })
    : new FailTask(message, { cause: error });
}

function advice(said: string): string {
  if (/^Out of Memory/i.test(said))
    return ". Raise the memory of the task or of the connection (memory_limit).";
  if (/could not set lock|conflicting lock/i.test(said))
    return ". Another process has the file open for writing: use a pool of one slot for these tasks, or read_only.";
  return "";
}
