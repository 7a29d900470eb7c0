/** Why a host refused a verb of SFTP, and whether a retry can help. */
import { errorMessage, FailTask, withCode } from "dagsmith";

/** Codes of the protocol, version 3. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const FAILURE = 4;
const UNSUPPORTED = 8;
/** Of later versions; some hosts send it all the same. */
const ALREADY_EXISTS = 11;

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

/** For `catch` of a verb on a file that need not exist. */
export function unlessMissing(error: unknown): undefined {
  if (codeOf(error) === NO_SUCH_FILE) return undefined;
  throw error;
}

/** ssh2 refuses the verb itself when the host does not name it. */
export function isUnsupported(error: unknown): boolean {
  return codeOf(error) === UNSUPPORTED || /does not support/.test((error as Error).message ?? "");
}

/** Whether a rename may have failed because the name is taken. */
export function mayBeInTheWay(error: unknown): boolean {
  return codeOf(error) === FAILURE || codeOf(error) === ALREADY_EXISTS;
}

/** @param place user and host */
export function sftpError(verb: string, place: string, path: string, error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  if (!(error instanceof Error) || typeof code !== "number") return error;
  const message = `SFTP ${verb} ${path} (${place}): ${errorMessage(error)}`;
  if (code === PERMISSION_DENIED)
    return withCode(
      "SFTP_FORBIDDEN",
      new FailTask(`${message}; give the user of the connection the right to it`, {
        cause: error,
      }),
    );
  const advice =
    code === FAILURE
      ? "; the host says no more: its disk may be full, or a folder be in the way"
      : "";
  return withCode(
    code === NO_SUCH_FILE ? "SFTP_NOT_FOUND" : "SFTP_FAILED",
    new Error(`${message}${advice}`, { cause: error }),
  );
}
