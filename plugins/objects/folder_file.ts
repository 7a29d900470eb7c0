/** The files of a folder that are objects, and what tells their versions apart. */
import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";

/** How the names of files begin that are not complete. */
export const UNFINISHED = ".dagsmith-unfinished-";

export function isUnfinished(name: string): boolean {
  return name.startsWith(UNFINISHED);
}

/** A file that is replaced gets a new number, and one that is changed a new time. */
export function etagOf({ ino, size, mtimeNs }: BigIntStats): string {
  return createHash("sha256").update(`${ino} ${size} ${mtimeNs}`).digest("hex").slice(0, 32);
}
