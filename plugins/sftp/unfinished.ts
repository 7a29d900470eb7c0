/** Names of files that are not complete, or on their way out. */
import { randomUUID } from "node:crypto";
import { posix } from "node:path";

const UNFINISHED = ".dagsmith-unfinished-";

/** A new name in the folder of the path. */
export const unfinishedFor = (path: string): string =>
  posix.join(posix.dirname(path), `${UNFINISHED}${randomUUID()}`);

export const isUnfinished = (path: string): boolean => posix.basename(path).startsWith(UNFINISHED);
