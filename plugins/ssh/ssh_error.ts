/** Why a host refused a connection, and whether a retry can help. */
import { errorMessage, FailTask } from "dagsmith";

/** What ssh2 says about an error: the step of the connection that failed. */
interface SshError extends Error {
  readonly level?: string;
}

/** @param place user and host, such as `etl@files.example.com:22` */
export function connectError(place: string, error: unknown): Error {
  const { level } = error as SshError;
  const message = `SSH ${place}: ${errorMessage(error)}`;
  if (level === "client-authentication")
    return new FailTask(
      `${message}; check login, password and key of the connection, and which of them the host allows`,
      { cause: error },
    );
  if (level === "handshake")
    return new FailTask(`${message}; the host and this client share no algorithm`, {
      cause: error,
    });
  return new Error(message, { cause: error });
}

export const closedEarly = (place: string): Error =>
  new Error(`SSH ${place}: the host closed the connection before the login was complete`);
