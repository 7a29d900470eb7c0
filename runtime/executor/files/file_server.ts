/**
 * The door for files between task processes and their worker: HTTP on this machine only,
 * because bytes must stream, and the channel of messages carries whole lines of text.
 * Each try has a token of its own, which is good until the try ends.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { finished, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { errorMessage } from "../../../sdk/error_message.ts";
import { isDagsmithError } from "../../../sdk/errors.ts";
import { once } from "../../../sdk/once.ts";
import type { FileAccess, FileFailure } from "../../child/context/file_client.ts";
import type { FileOwner, FileStore } from "./file_store.ts";

const newFile = z.object({ name: z.string().min(1).max(200), contentType: z.string().max(200) });
const fileRef = z.object({
  name: z.string(),
  size: z.coerce.number().int().nonnegative(),
  sha256: z.string(),
});

/** Else a stream reads many parts ahead, however large they are. */
const AS_BYTES = { objectMode: false };

export class FileServer {
  readonly #files: FileStore;
  readonly #owners = new Map<string, FileOwner>();
  #listening = once(() => this.#listen());

  constructor(files: FileStore) {
    this.#files = files;
  }

  /** Lets a try store and read files. Begins to listen with the first try that asks. */
  async admit(owner: FileOwner): Promise<FileAccess> {
    const { port } = (await this.#listening()).address() as AddressInfo;
    const token = randomBytes(32).toString("base64url");
    this.#owners.set(token, owner);
    return { url: `http://127.0.0.1:${port}`, token };
  }

  /** Ends the access of a try. */
  dismiss({ token }: FileAccess): void {
    this.#owners.delete(token);
  }

  /** Ends all transfers. Idempotent. */
  async stop(): Promise<void> {
    const server = await this.#listening.begun()?.catch(() => undefined);
    this.#listening = once(() => this.#listen());
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  #listen(): Promise<Server> {
    return new Promise((resolve, reject) => {
      // A large file takes longer than the time that a server gives a request.
      const server = createServer({ requestTimeout: 0 }, (request, response) => {
        void this.#answer(request, response);
      });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const owner = this.#owners.get(
        /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "",
      );
      if (!owner) throw new Error("the try has ended, or this is no request of a task");
      await this.#transfer(request, response, owner);
    } catch (error) {
      // An answer that has begun must not look complete.
      if (response.headersSent) response.destroy();
      else fail(request, response, error);
    }
  }

  async #transfer(
    request: IncomingMessage,
    response: ServerResponse,
    owner: FileOwner,
  ): Promise<void> {
    const fields = Object.fromEntries(new URL(request.url ?? "", "http://worker").searchParams);
    if (request.method === "PUT") {
      // The request stays open when its bytes are refused, so that it can be answered.
      const bytes = request.iterator({ destroyOnReturn: false });
      const stored = await this.#files.put(newFile.parse(fields), bytes, owner);
      response.end(JSON.stringify(stored));
      return;
    }
    const file = { ...fileRef.parse(fields), contentType: "" };
    if (request.method === "GET")
      return sendBytes(await begun(await this.#files.readOf(owner.runId, file)), response);
    await this.#files.delete(file, owner);
    response.end();
  }
}

function sendBytes(bytes: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  return pipeline(Readable.from(bytes, AS_BYTES), response);
}

/**
 * The same bytes, with the first part read: only then is it known that they are there.
 */
async function begun(bytes: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const parts = bytes[Symbol.asyncIterator]();
  const first = await parts.next();
  return (async function* () {
    if (!first.done) yield first.value;
    for (let part = await parts.next(); !part.done; part = await parts.next()) yield part.value;
  })();
}

/**
 * Answers, and reads on until the client stops. A client that still sends to a closed
 * connection gets an error of the connection in place of the answer.
 */
function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { name } = error instanceof Error ? error : new Error();
  const failure: FileFailure = {
    ...{ name, message: errorMessage(error) },
    ...(isDagsmithError(error) && { code: error.code }),
  };
  const body = Buffer.from(JSON.stringify(failure));
  // The length lets the client read all of the answer before its end closes the connection.
  response.writeHead(400, { "content-length": body.length }).write(body);
  finished(request, () => response.end());
  request.resume();
}
