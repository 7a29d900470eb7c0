/**
 * What tasks and callbacks wrote outside of the database, whatever happened to their
 * processes.
 */
import { readFile } from "node:fs/promises";

export interface Note {
  readonly what: "start" | "end" | "callback";
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  /** Of a callback. */
  readonly event?: string;
}

/** Names a try, for comparisons. */
export const tryKey = ({ dagId, runId, taskId, mapIndex, tryNumber }: Omit<Note, "what">): string =>
  `${dagId}/${runId} ${taskId}[${mapIndex}] try ${tryNumber}`;

export async function readJournal(path: string): Promise<readonly Note[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Note);
}
