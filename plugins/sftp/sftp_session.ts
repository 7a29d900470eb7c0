/** Calls over a channel of ssh2: each of them ends with the try, or with the connection. */
import { withCode } from "dagsmith";
import type { SFTPWrapper } from "ssh2";
import { sftpError } from "./sftp_error.ts";

interface Parts {
  readonly channel: SFTPWrapper;
  /** User and host, for messages. */
  readonly place: string;
  /** Of the try. */
  readonly signal: AbortSignal;
}

/** How ssh2 answers a request. */
type Done<Result> = (error: Error | undefined | null, result: Result) => void;

export class SftpSession {
  readonly channel: SFTPWrapper;
  readonly place: string;
  readonly signal: AbortSignal;
  readonly #lost = new AbortController();

  constructor({ channel, place, signal }: Parts) {
    this.channel = channel;
    this.place = place;
    this.signal = signal;
    const reason = withCode("SSH_AWAY", new Error(`SFTP ${place}: the connection was lost`));
    const lost = (): void => this.#lost.abort(reason);
    channel.once("close", lost);
    // An answer that is no SFTP: ssh2 then closes the channel.
    channel.on("error", lost);
  }

  /** Aborts with the signal, and when the connection is lost. */
  end(signal = this.signal): AbortSignal {
    return AbortSignal.any([signal, this.#lost.signal]);
  }

  /** Does work of a verb; its error names verb and path. */
  async named<Result>(verb: string, path: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.signal.throwIfAborted();
      throw sftpError(verb, this.place, path, error);
    }
  }

  /** One request. ssh2 drops those that come after the end of the channel. */
  call<Result>(start: (done: Done<Result>) => unknown, signal = this.signal): Promise<Result> {
    const ask = (): Promise<Result> =>
      new Promise((resolve, reject) => {
        start((error, result) => (error ? reject(error) : resolve(result)));
      });
    return this.until(ask, signal);
  }

  /** Does work that ssh2 may leave unsettled when the connection is lost. */
  async until<Result>(work: () => Promise<Result>, signal = this.signal): Promise<Result> {
    const end = this.end(signal);
    end.throwIfAborted();
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(end.reason);
    end.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([work(), ended]);
    } catch (error) {
      end.throwIfAborted();
      throw error;
    } finally {
      end.removeEventListener("abort", abort);
    }
  }
}
