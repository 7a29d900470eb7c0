/** The store of a place: the backend of its system, below a prefix. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  type Duration,
  durationMs,
  type FileContent,
  type ObjectAddress,
  type ObjectBackend,
  type ObjectFolder,
  type ObjectHead,
  type PutObjectOptions,
  type StoredObject,
} from "dagsmith";
import { checkedKey, checkedOptions } from "./object_key.ts";
import type { ObjectStore } from "./object_store.ts";
import { type StorePlace, urlOf } from "./object_url.ts";
import { noObject, readObject } from "./read_object.ts";

/** Keys that one call of a backend deletes. */
const DELETE_BATCH = 1000;
/** The longest that every system signs for: 7 days. */
const MAX_SECONDS = 7 * 24 * 60 * 60;
const DEFAULT_EXPIRY: Duration = "1h";

export class BackendStore implements ObjectStore {
  readonly url: string;
  readonly backend: ObjectBackend;
  readonly #place: StorePlace;

  constructor(place: StorePlace, backend: ObjectBackend) {
    this.#place = place;
    this.backend = backend;
    this.url = urlOf(place, "");
  }

  /** The place of a key for the backend. */
  at(key: string): ObjectAddress {
    const { bucket, prefix } = this.#place;
    return { bucket, key: checkedKey(prefix, key) };
  }

  urlOf(key: string): string {
    return urlOf(this.#place, key);
  }

  async put(key: string, content: FileContent, options: PutObjectOptions = {}) {
    const stored = await this.backend.put(this.at(key), bytesOf(content), checkedOptions(options));
    return { ...stored, key };
  }

  async get(key: string): Promise<Readable> {
    return this.read(await this.existing(key));
  }

  /** The content of the version that was found. */
  read(head: ObjectHead): Readable {
    const { key } = head;
    const object = { backend: this.backend, at: this.at(key), url: this.urlOf(key) };
    return Readable.from(readObject(object, head), { objectMode: false });
  }

  /** @throws Error when there is no such object */
  async existing(key: string): Promise<ObjectHead> {
    const head = await this.head(key);
    if (head === null) throw noObject(this.urlOf(key));
    return head;
  }

  async text(key: string): Promise<string> {
    return text(await this.get(key));
  }

  async range(
    key: string,
    from: number,
    length: number,
    { etag = null }: { readonly etag?: string | null } = {},
  ): Promise<Uint8Array> {
    const at = this.at(key);
    const found = await this.backend.range(at, { from, length, etag });
    if (typeof found !== "string") return found;
    if (found === "changed")
      throw new Error(`${this.urlOf(key)} was replaced while it was read; read it again`);
    // Names a missing bucket, where that is the reason.
    await this.backend.head(at);
    throw noObject(this.urlOf(key));
  }

  async head(key: string): Promise<ObjectHead | null> {
    const head = await this.backend.head(this.at(key));
    return head && { ...head, key };
  }

  async *list(prefix = ""): AsyncGenerator<StoredObject> {
    for await (const found of this.#listed(prefix, null)) if ("key" in found) yield found;
  }

  listFolder(prefix = ""): AsyncIterable<StoredObject | ObjectFolder> {
    return this.#listed(prefix, "/");
  }

  async *#listed(prefix: string, delimiter: "/" | null) {
    const { bucket, prefix: own } = this.#place;
    const of = { prefix: own + prefix, delimiter };
    for await (const found of this.backend.list(bucket, of))
      yield "key" in found
        ? { ...found, key: found.key.slice(own.length) }
        : { prefix: found.prefix.slice(own.length) };
  }

  copy(from: string, to: string): Promise<void> {
    return this.backend.copy(this.at(from), this.at(to));
  }

  delete(key: string): Promise<void> {
    return this.deleteMany([key]);
  }

  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    const batch: string[] = [];
    const flush = () => this.backend.delete(this.#place.bucket, batch.splice(0));
    for await (const key of keys) if (batch.push(this.at(key).key) === DELETE_BATCH) await flush();
    if (batch.length > 0) await flush();
  }

  presign(
    key: string,
    options: { readonly method?: "GET" | "PUT"; readonly expiresIn?: Duration } = {},
  ): Promise<string> {
    const { method = "GET", expiresIn = DEFAULT_EXPIRY } = options;
    const seconds = Math.min(MAX_SECONDS, Math.ceil(durationMs(expiresIn) / 1000));
    return this.backend.presign(this.at(key), { method, seconds });
  }
}

async function* bytesOf(content: FileContent): AsyncGenerator<Uint8Array> {
  for await (const piece of piecesOf(content))
    yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

function piecesOf(
  content: FileContent,
): Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array> {
  if (typeof content === "string" || content instanceof Uint8Array) return [content];
  // A stream that reads a file has a path too.
  return Symbol.asyncIterator in content ? content : createReadStream(content.path);
}
