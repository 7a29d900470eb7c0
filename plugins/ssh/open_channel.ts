/** Opens channels of a connection: one for each command, and one for files. */
import { errorMessage, FailTask, withCode } from "dagsmith";
import type { Client } from "ssh2";

/** What ssh2 says when the host has a channel, and refuses what it shall do there. */
const REFUSED = /^Unable to (exec|start subsystem)/;

/** What a channel is opened for. */
export interface ChannelRequest<Channel> {
  /** Ends the wait. A channel that comes later is closed. */
  readonly signal: AbortSignal;
  /** Asks ssh2 for the channel. */
  readonly ask: (done: (error: Error | undefined, channel: Channel) => void) => unknown;
  /** User and host, for messages. */
  readonly place: string;
  /** What a refusal means, such as `the host offers no SFTP`. */
  readonly refusal: string;
}

/**
 * Opens a channel of a connection.
 * @throws the reason of the abort; FailTask when the host refuses what the channel is for;
 *   Error, which a retry may mend, when the connection is lost or has too many channels
 * @example
 * const request = { signal, place, refusal: "the host offers no SFTP" };
 * const files = await openChannel(client, { ...request, ask: (done) => client.sftp(done) });
 */
export async function openChannel<Channel extends { end(): unknown }>(
  client: Client,
  { signal, ask, place, refusal }: ChannelRequest<Channel>,
): Promise<Channel> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Channel>();
  const abort = (): void => reject(signal.reason);
  // ssh2 calls a lost connection a refusal, but tells of its end before.
  const lost = (): void => reject(new Error("the connection was lost"));
  signal.addEventListener("abort", abort, { once: true });
  client.once("close", lost);
  try {
    ask((error, channel) => {
      if (error) reject(error);
      else if (signal.aborted) channel.end();
      else resolve(channel);
    });
    return await promise;
  } catch (cause) {
    signal.throwIfAborted();
    const message = errorMessage(cause);
    if (REFUSED.test(message))
      throw withCode(
        "SSH_REFUSED",
        new FailTask(`SSH ${place}: ${refusal}: ${message}`, { cause }),
      );
    throw withCode("SSH_AWAY", new Error(`SSH ${place}: ${message}`, { cause }));
  } finally {
    signal.removeEventListener("abort", abort);
    client.off("close", lost);
  }
}
