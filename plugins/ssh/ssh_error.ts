/** Why a host refused a connection, and whether a retry can help. */
import { errorMessage, FailTask, withCode } from "dagsmith";

/** What ssh2 says about an error: the step of the connection that failed. */
interface SshError extends Error {
  readonly level?: string;
}

/** @param place user and host, such as `etl@files.example.com:22` */
export function connectError(place: string, error: unknown): Error {
  const { level } = error as SshError;
  const message = `SSH ${place}: ${errorMessage(error)}`;
  if (level === "client-authentication")
    return withCode(
      "SSH_LOGIN_REFUSED",
      new FailTask(
        `${message}; check login, password and key of the connection, and which of them the host allows`,
        { cause: error },
      ),
    );
  if (level === "handshake")
    return withCode(
      "SSH_NO_ALGORITHM",
      new FailTask(`${message}; the host and this client share no algorithm`, { cause: error }),
    );
  return withCode("SSH_AWAY", new Error(message, { cause: error }));
}

export const closedEarly = (place: string): Error =>
  withCode(
    "SSH_AWAY",
    new Error(`SSH ${place}: the host closed the connection before the login was complete`),
  );
