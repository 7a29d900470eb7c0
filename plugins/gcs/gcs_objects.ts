/** The objects of Google Cloud Storage as an {@link ObjectBackend}, over its JSON API. */
import type { Storage } from "@google-cloud/storage";
import {
  FailTask,
  type ObjectAddress,
  type ObjectBackend,
  type ObjectFolder,
  type ObjectHead,
  type PutObjectOptions,
  type StoredObject,
} from "dagsmith";
import { type GoogleSession, type HttpAnswer, jsonBody } from "dagsmith/plugins/google";
import { eachAtOnce, inKeyOrder } from "dagsmith/plugins/object_backend";
import { uploadStream } from "./gcs_upload.ts";

/** Google takes one key in each request. */
const DELETES_AT_ONCE = 16;
const OBJECT_FIELDS =
  "name,size,generation,updated,contentType,contentEncoding,storageClass,kmsKeyName,metadata";

/** An object as the API describes it. Its generation differs for each content. */
interface GcsObject {
  readonly name: string;
  readonly size: string;
  readonly generation: string;
  readonly updated: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly storageClass?: string;
  readonly kmsKeyName?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface GcsPage {
  readonly items?: readonly GcsObject[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}

export class GcsObjects implements ObjectBackend {
  readonly system = "GCS";
  readonly maxCopyBytes = null;
  readonly #session: GoogleSession;
  readonly #storage: Storage;

  /** @param storage signs; it has no way to end a request */
  constructor(session: GoogleSession, storage: Storage) {
    this.#session = session;
    this.#storage = storage;
  }

  async put(at: ObjectAddress, bytes: AsyncIterable<Uint8Array>, options: PutObjectOptions) {
    const { size, etag } = objectOf(
      jsonBody(await uploadStream(this.#session, at, bytes, options)),
    );
    return { size, etag };
  }

  async range(
    at: ObjectAddress,
    { from, length, etag }: { from: number; length: number; etag: string | null },
  ): Promise<Uint8Array | "missing" | "changed"> {
    if (length <= 0) return new Uint8Array();
    const { status, body } = await this.#session.send(placeOf("get", at), {
      path: pathOf(at),
      query: { alt: "media", ...(etag !== null && { ifGenerationMatch: etag }) },
      // With gzip allowed, an object that is stored as gzip comes as it is.
      headers: { range: `bytes=${from}-${from + length - 1}`, "accept-encoding": "gzip" },
      expected: [404, 412, 416],
    });
    if (status === 404) return "missing";
    if (status === 412) return "changed";
    return status === 416 ? new Uint8Array() : body;
  }

  async head(at: ObjectAddress): Promise<ObjectHead | null> {
    const place = placeOf("head", at);
    const query = { fields: OBJECT_FIELDS };
    const answer = await this.#session.send(place, { path: pathOf(at), query, expected: [404] });
    if (answer.status !== 404) return headOf(jsonBody(answer));
    await this.#refuseMissingBucket(place, at.bucket);
    return null;
  }

  /** The answer for an object does not say whether the bucket is missing. */
  async #refuseMissingBucket(place: string, bucket: string): Promise<void> {
    const query = { maxResults: "1", fields: "kind" };
    const path = `${bucketPath(bucket)}/o`;
    const { status } = await this.#session.send(place, { path, query, expected: [403, 404] });
    // Without the right to list the bucket, only the key can be asked for.
    if (status === 404) throw new FailTask(`${place}: there is no bucket ${bucket}`);
  }

  async *list(bucket: string, { prefix, delimiter }: { prefix: string; delimiter: "/" | null }) {
    const place = `GCS list gs://${bucket}/${prefix}`;
    const fields = `nextPageToken,prefixes,items(${OBJECT_FIELDS})`;
    let pageToken: string | undefined;
    do {
      const query: Record<string, string> = {
        ...{ prefix, fields },
        ...(delimiter && { delimiter }),
        ...(pageToken && { pageToken }),
      };
      const page: GcsPage = jsonBody(
        await this.#session.send(place, { path: `${bucketPath(bucket)}/o`, query }),
      );
      yield* entriesOf(page);
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  async copy(from: ObjectAddress, to: ObjectAddress): Promise<void> {
    const place = placeOf("copy", from);
    const target = `b/${encodeURIComponent(to.bucket)}/o/${encodeURIComponent(to.key)}`;
    let token: string | undefined;
    do {
      const answer = await this.#session.send(place, {
        ...{ method: "POST", path: `${pathOf(from)}/rewriteTo/${target}` },
        query: token ? { rewriteToken: token } : ({} as Record<string, string>),
        expected: [404],
      });
      if (answer.status === 404) throw await this.#noSource(place, from, answer);
      token = jsonBody<{ readonly rewriteToken?: string }>(answer).rewriteToken;
    } while (token);
  }

  /** A retry may find the object, but not the bucket. */
  async #noSource(place: string, from: ObjectAddress, answer: HttpAnswer): Promise<Error> {
    await this.#refuseMissingBucket(place, from.bucket);
    return (await this.head(from)) === null
      ? new Error(`${place}: there is no such object`)
      : this.#session.refusal(place, answer);
  }

  async delete(bucket: string, keys: readonly string[]): Promise<void> {
    await eachAtOnce(keys, DELETES_AT_ONCE, (key) => this.#deleteOne({ bucket, key }));
  }

  async #deleteOne(at: ObjectAddress): Promise<void> {
    const request = { method: "DELETE", path: pathOf(at), expected: [404] };
    await this.#session.send(placeOf("delete", at), request);
  }

  async presign(
    at: ObjectAddress,
    { method, seconds }: { method: "GET" | "PUT"; seconds: number },
  ): Promise<string> {
    try {
      const file = this.#storage.bucket(at.bucket).file(at.key);
      const action = method === "GET" ? "read" : "write";
      const [url] = await file.getSignedUrl({
        ...{ version: "v4", action },
        expires: Date.now() + seconds * 1000,
      });
      return url;
    } catch (cause) {
      throw new FailTask(
        `${placeOf("presign", at)}: the login cannot sign; give the connection the key of a service account`,
        { cause },
      );
    }
  }
}

const placeOf = (verb: string, { bucket, key }: ObjectAddress): string =>
  `GCS ${verb} gs://${bucket}/${key}`;
const bucketPath = (bucket: string): string => `storage/v1/b/${encodeURIComponent(bucket)}`;
const pathOf = ({ bucket, key }: ObjectAddress): string =>
  `${bucketPath(bucket)}/o/${encodeURIComponent(key)}`;

function entriesOf({ items = [], prefixes = [] }: GcsPage): (StoredObject | ObjectFolder)[] {
  return inKeyOrder([...prefixes.map((prefix) => ({ prefix })), ...items.map(objectOf)]);
}

function objectOf({ name, size, generation, updated }: GcsObject): StoredObject {
  return { key: name, size: Number(size), etag: generation, lastModified: new Date(updated) };
}

function headOf(object: GcsObject): ObjectHead {
  return {
    ...objectOf(object),
    contentType: object.contentType ?? null,
    contentEncoding: object.contentEncoding || null,
    storageClass: object.storageClass ?? null,
    encryption: object.kmsKeyName ?? null,
    metadata: object.metadata ?? {},
  };
}
