/** Why a folder of this machine refused, and whether a retry can help. */
import { errorMessage, FailTask } from "dagsmith";

/** What stays the same in a retry. */
const LASTING: Readonly<Record<string, string>> = {
  EACCES: "give the user of the worker the right to it",
  EPERM: "give the user of the worker the right to it",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "a part of the key is longer than the file system allows",
  EISDIR: "a folder has this name",
  ENOTDIR: "a file has the name of a folder of the key",
  EEXIST: "a file has the name of a folder of the key",
  ENOTEMPTY: "a folder has this name",
};

/** An error of the system with its place; any other error as it is. */
export function folderError(verb: string, path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  const advice = LASTING[code];
  const message = `Folder ${verb} ${path}: ${errorMessage(error)}`;
  if (advice) return new FailTask(`${message}; ${advice}`, { cause: error });
  return new Error(message, { cause: error });
}

/** The folder must be there: a mount that is missing would else look like no objects. */
export function noFolder(verb: string, folder: string): FailTask {
  return new FailTask(`Folder ${verb} ${folder}: there is no folder ${folder}; create it first`);
}
