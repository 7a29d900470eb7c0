/** The files of a host, over a channel of ssh2. */
import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { addAbortSignal, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { type FileContent, withCode } from "dagsmith";
import { abortable } from "dagsmith/plugins/object_backend";
import type { Stats } from "ssh2";
import { fileName } from "./file_name.ts";
import { replace } from "./replace.ts";
import type { RemoteFile, Sftp } from "./sftp.ts";
import { sftpError, unlessMissing } from "./sftp_error.ts";
import type { SftpSession } from "./sftp_session.ts";
import { isUnfinished, unfinishedFor } from "./unfinished.ts";

/** A host that does not answer is left: the task process ends soon after a cancel. */
const CLEAN_UP_MS = 3_000;

export class SftpFiles implements Sftp {
  readonly #session: SftpSession;

  constructor(session: SftpSession) {
    this.#session = session;
  }

  async put(path: string, content: FileContent): Promise<number> {
    const part = unfinishedFor(path);
    try {
      const size = await this.#named("put", path, () => this.#write(part, content));
      await this.#named("put", path, () => replace(this.#session, part, path));
      return size;
    } catch (error) {
      await this.#removed(part, AbortSignal.timeout(CLEAN_UP_MS)).catch(() => undefined);
      throw error;
    }
  }

  async get(path: string): Promise<Readable> {
    const { size } = await this.#named("get", path, () => this.#statOf(path));
    const { channel, signal } = this.#session;
    const end = this.#session.end();
    end.throwIfAborted();
    const bytes = channel.createReadStream(path);
    // The end of the connection is an error of a stream that the reader has left.
    bytes.on("error", () => undefined);
    const pieces = this.#whole(path, { bytes: abortable(bytes, end), size, end });
    return addAbortSignal(signal, Readable.from(pieces, { objectMode: false }));
  }

  async text(path: string): Promise<string> {
    return text(await this.get(path));
  }

  async list(folder: string): Promise<readonly RemoteFile[]> {
    const entries = await this.#named("list", folder, () =>
      this.#session.call<readonly { readonly filename: string; readonly attrs: Stats }[]>((done) =>
        this.#session.channel.readdir(folder, done),
      ),
    );
    return entries
      .filter(({ filename }) => !isUnfinished(filename))
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
      this.#session.call<void>((done) => this.#session.channel.mkdir(path, done)),
    );
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#named("rename", from, () => replace(this.#session, from, to));
  }

  async #write(part: string, content: FileContent): Promise<number> {
    await this.#session.until(() => this.#stream(part, content));
    return (await this.#statOf(part)).size;
  }

  async #stream(part: string, content: FileContent): Promise<void> {
    const { channel } = this.#session;
    const end = this.#session.end();
    const source = abortable(piecesOf(content), end);
    const file = channel.createWriteStream(part, { flags: "wx" });
    file.on("error", () => undefined);
    // The request to close it comes before the one to remove it.
    const close = (): void => void file.destroy();
    end.addEventListener("abort", close, { once: true });
    await pipeline(source, file).finally(() => end.removeEventListener("abort", close));
  }

  async *#whole(path: string, { bytes, size, end }: Download): AsyncGenerator<Buffer> {
    let read = 0;
    try {
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      end.throwIfAborted();
      throw sftpError("get", this.#session.place, path, error);
    }
    if (read < size)
      throw withCode(
        "SFTP_FAILED",
        new Error(
          `SFTP get ${path} (${this.#session.place}): the file ended after ${read} of ${size} bytes; another process may have written it meanwhile`,
        ),
      );
  }

  #statOf(path: string): Promise<Stats> {
    const { channel } = this.#session;
    return this.#session.call<Stats>((done) => channel.stat(path, done));
  }

  async #removed(path: string, signal?: AbortSignal): Promise<void> {
    const { channel } = this.#session;
    await this.#session
      .call<void>((done) => channel.unlink(path, done), signal)
      .catch(unlessMissing);
  }

  #named<Result>(verb: string, path: string, work: () => Promise<Result>): Promise<Result> {
    return this.#session.named(verb, path, work);
  }
}

interface Download {
  readonly bytes: Readable;
  /** The size of the file before. */
  readonly size: number;
  readonly end: AbortSignal;
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
