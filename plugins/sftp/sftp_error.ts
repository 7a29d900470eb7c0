/** Why a host refused a verb of SFTP, and whether a retry can help. */
import { errorMessage, FailTask } from "dagsmith";

/** Codes of the protocol, version 3. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const FAILURE = 4;

export function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === NO_SUCH_FILE;
}

/** @param place user and host */
export function sftpError(verb: string, place: string, path: string, error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  if (!(error instanceof Error) || typeof code !== "number") return error;
  const message = `SFTP ${verb} ${path} (${place}): ${errorMessage(error)}`;
  if (code === PERMISSION_DENIED)
    return new FailTask(`${message}; give the user of the connection the right to it`, {
      cause: error,
    });
  const advice =
    code === FAILURE
      ? "; the host says no more: its disk may be full, or a folder be in the way"
      : "";
  return new Error(`${message}${advice}`, { cause: error });
}
