/** The files of a host, over a channel of ssh2. */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { FileContent } from "dagsmith";
import { abortable } from "dagsmith/plugins/object_backend";
import type { SFTPWrapper, Stats } from "ssh2";
import { fileName } from "./file_name.ts";
import type { RemoteFile, Sftp } from "./sftp.ts";
import { isMissing, sftpError } from "./sftp_error.ts";

/** How the names of files begin that are not complete. */
const UNFINISHED = ".dagsmith-unfinished-";

interface Session {
  readonly channel: SFTPWrapper;
  /** User and host, for messages. */
  readonly place: string;
  readonly signal: AbortSignal;
}

export class SftpFiles implements Sftp {
  readonly #channel: SFTPWrapper;
  readonly #place: string;
  readonly #signal: AbortSignal;

  constructor({ channel, place, signal }: Session) {
    this.#channel = channel;
    this.#place = place;
    this.#signal = signal;
  }

  async put(path: string, content: FileContent): Promise<number> {
    const part = posix.join(posix.dirname(path), `${UNFINISHED}${randomUUID()}`);
    try {
      const size = await this.#named("put", path, () => this.#write(part, content));
      await this.#named("put", path, () => this.#replace(part, path));
      return size;
    } catch (error) {
      await this.#removed(part).catch(() => undefined);
      throw error;
    }
  }

  async get(path: string): Promise<Readable> {
    const { size } = await this.#named("get", path, () => this.#statOf(path));
    const bytes = this.#channel.createReadStream(path);
    // The end of the connection is an error of a stream that the reader has left.
    bytes.on("error", () => undefined);
    const whole = Readable.from(this.#whole(path, bytes, size), { objectMode: false });
    return addAbortSignal(this.#signal, whole);
  }

  async text(path: string): Promise<string> {
    return text(await this.get(path));
  }

  async list(folder: string): Promise<readonly RemoteFile[]> {
    const entries = await this.#named("list", folder, () =>
      this.#call<readonly { readonly filename: string; readonly attrs: Stats }[]>((done) =>
        this.#channel.readdir(folder, done),
      ),
    );
    return entries
      .map(({ filename, attrs }) => remoteFile(posix.join(folder, filename), attrs))
      .sort(({ path: one }, { path: other }) => (one < other ? -1 : 1));
  }

  async match(pattern: string): Promise<readonly RemoteFile[]> {
    const matches = fileName(posix.basename(pattern));
    const all = await this.list(posix.dirname(pattern));
    return all.filter(({ path, type }) => type === "file" && matches(posix.basename(path)));
  }

  async stat(path: string): Promise<RemoteFile | null> {
    return this.#named("stat", path, async () => {
      const found = await this.#statOf(path).catch(unlessMissing);
      return found ? remoteFile(path, found) : null;
    });
  }

  async delete(path: string): Promise<void> {
    await this.#named("delete", path, () => this.#removed(path));
  }

  async makeFolder(path: string): Promise<void> {
    if ((await this.stat(path))?.type === "folder") return;
    const above = posix.dirname(path);
    if (above !== path && above !== ".") await this.makeFolder(above);
    await this.#named("make the folder", path, () =>
      this.#call<void>((done) => this.#channel.mkdir(path, done)),
    );
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#named("rename", from, () => this.#replace(from, to));
  }

  async #write(part: string, content: FileContent): Promise<number> {
    const file = this.#channel.createWriteStream(part, { flags: "wx" });
    file.on("error", () => undefined);
    await pipeline(abortable(piecesOf(content), this.#signal), file);
    return (await this.#statOf(part)).size;
  }

  /** Plain SFTP does not replace a file: OpenSSH does, by a verb of its own. */
  async #replace(from: string, to: string): Promise<void> {
    const rename = (): Promise<void> =>
      this.#call<void>((done) => this.#channel.rename(from, to, done));
    try {
      await this.#call<void>((done) => this.#channel.ext_openssh_rename(from, to, done));
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      await rename().catch(async () => {
        await this.#removed(to);
        await rename();
      });
    }
  }

  async *#whole(path: string, bytes: Readable, size: number): AsyncGenerator<Buffer> {
    let read = 0;
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw sftpError("get", this.#place, path, error);
    }
    if (read < size)
      throw new Error(
        `SFTP get ${path} (${this.#place}): the file ended after ${read} of ${size} bytes; another process may have written it meanwhile`,
      );
  }

  #statOf(path: string): Promise<Stats> {
    return this.#call<Stats>((done) => this.#channel.stat(path, done));
  }

  async #removed(path: string): Promise<void> {
    await this.#call<void>((done) => this.#channel.unlink(path, done)).catch(unlessMissing);
  }

  async #named<Result>(verb: string, path: string, work: () => Promise<Result>): Promise<Result> {
    try {
      this.#signal.throwIfAborted();
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      throw sftpError(verb, this.#place, path, error);
    }
  }

  /** A host that does not answer any more gives the connection up, and so each call. */
  #call<Result>(
    start: (done: (error: Error | undefined | null, result: Result) => void) => unknown,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const closed = (): void => reject(new Error(`SFTP ${this.#place}: the connection was lost`));
      this.#channel.once("close", closed);
      start((error, result) => {
        this.#channel.off("close", closed);
        if (error) reject(error);
        else resolve(result);
      });
    });
  }
}

function remoteFile(path: string, attrs: Stats): RemoteFile {
  const type = attrs.isFile() ? "file" : attrs.isDirectory() ? "folder" : "other";
  return { path, type, size: attrs.size, modified: new Date(attrs.mtime * 1_000) };
}

async function* piecesOf(content: FileContent): AsyncGenerator<Uint8Array> {
  if (typeof content === "string" || content instanceof Uint8Array) {
    yield Buffer.from(content);
    return;
  }
  // A stream that reads a file has a path too.
  const pieces = Symbol.asyncIterator in content ? content : createReadStream(content.path);
  for await (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

/** ssh2 refuses the verb itself when the host does not name it. */
function isUnsupported(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  return code === 8 || /does not support/.test(message ?? "");
}

function unlessMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
