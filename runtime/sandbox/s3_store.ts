/**
 * The buckets of the sandbox S3, in memory. It knows neither HTTP nor XML; every refusal
 * is an S3Refusal with S3's own code.
 */
import { createHash, randomUUID } from "node:crypto";

/** An error as S3 answers it. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface StoredObject {
  readonly key: string;
  readonly content: Buffer;
  readonly etag: string;
  readonly lastModified: Date;
  /**
   * Header name, in lower case, to value: content type and encoding, and `x-amz-meta-*`.
   */
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredPart {
  readonly content: Buffer;
  readonly etag: string;
}

interface MultipartUpload {
  readonly bucket: string;
  readonly key: string;
  readonly headers: StoredObject["headers"];
  readonly parts: Map<number, StoredPart>;
}

/** One page of a listing. */
export interface ListPage {
  readonly objects: readonly StoredObject[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page begins, exclusive; null on the last page. */
  readonly next: string | null;
}

export class S3Store {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #uploads = new Map<string, MultipartUpload>();

  get bucketNames(): readonly string[] {
    return [...this.#buckets.keys()].sort();
  }

  createBucket(bucket: string): void {
    if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, new Map());
  }

  /** @throws S3Refusal NoSuchBucket */
  bucket(bucket: string): Map<string, StoredObject> {
    const objects = this.#buckets.get(bucket);
    if (!objects) throw new S3Refusal(404, "NoSuchBucket", "The specified bucket does not exist");
    return objects;
  }

  put(
    bucket: string,
    key: string,
    content: Buffer,
    headers: StoredObject["headers"],
    etag = md5(content),
  ): StoredObject {
    const object = { key, content, headers, etag, lastModified: new Date() };
    this.bucket(bucket).set(key, object);
    return object;
  }

  /** @throws S3Refusal NoSuchKey */
  get(bucket: string, key: string): StoredObject {
    const object = this.bucket(bucket).get(key);
    if (!object) throw new S3Refusal(404, "NoSuchKey", "The specified key does not exist.");
    return object;
  }

  list(bucket: string, { prefix = "", delimiter = "", after = "", maxKeys = 1000 }): ListPage {
    const entries = new Map<string, StoredObject | null>();
    for (const key of [...this.bucket(bucket).keys()]
      .filter((key) => key.startsWith(prefix))
      .sort()) {
      const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      if (end < 0) entries.set(key, this.get(bucket, key));
      else entries.set(key.slice(0, end + delimiter.length), null);
    }
    const rest = [...entries].filter(([name]) => name > after);
    const page = rest.slice(0, maxKeys);
    return {
      objects: page.flatMap(([, object]) => object ?? []),
      commonPrefixes: page.flatMap(([name, object]) => (object ? [] : [name])),
      next: rest.length > page.length ? (page.at(-1)?.[0] ?? null) : null,
    };
  }

  createUpload(bucket: string, key: string, headers: StoredObject["headers"]): string {
    this.bucket(bucket);
    const id = randomUUID();
    this.#uploads.set(id, { bucket, key, headers, parts: new Map() });
    return id;
  }

  /** @throws S3Refusal NoSuchUpload */
  upload(id: string): MultipartUpload {
    const upload = this.#uploads.get(id);
    if (!upload)
      throw new S3Refusal(404, "NoSuchUpload", "The specified multipart upload does not exist.");
    return upload;
  }

  uploads(bucket: string): readonly { readonly id: string; readonly key: string }[] {
    return [...this.#uploads]
      .filter(([, upload]) => upload.bucket === bucket)
      .map(([id, { key }]) => ({ id, key }));
  }

  putPart(id: string, number: number, content: Buffer): StoredPart {
    const part = { content, etag: md5(content) };
    this.upload(id).parts.set(number, part);
    return part;
  }

  /** @throws S3Refusal InvalidPart when a part is missing or has another ETag */
  completeUpload(
    id: string,
    wanted: readonly { readonly number: number; readonly etag: string }[],
  ): StoredObject {
    const { bucket, key, headers, parts } = this.upload(id);
    const contents = wanted.map(({ number, etag }) => {
      const part = parts.get(number);
      if (part?.etag !== etag)
        throw new S3Refusal(
          400,
          "InvalidPart",
          "One or more of the specified parts could not be found.",
        );
      return part;
    });
    const digests = contents.map(({ etag }) => Buffer.from(etag.slice(1, -1), "hex"));
    const etag = `${md5(Buffer.concat(digests)).slice(0, -1)}-${contents.length}"`;
    this.#uploads.delete(id);
    return this.put(
      bucket,
      key,
      Buffer.concat(contents.map(({ content }) => content)),
      headers,
      etag,
    );
  }

  abortUpload(id: string): void {
    this.upload(id);
    this.#uploads.delete(id);
  }
}

function md5(content: Buffer): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}
