/** The objects of Azure Blob Storage as an {@link ObjectBackend}. */
import type { Readable } from "node:stream";
import type {
  BlobItem,
  BlobSASPermissions,
  BlobServiceClient,
  BlockBlobClient,
} from "@azure/storage-blob";
import {
  FailTask,
  type ObjectAddress,
  type ObjectBackend,
  type ObjectFolder,
  type ObjectHead,
  type PutObjectOptions,
  type StoredObject,
} from "dagsmith";
import { eachAtOnce, inKeyOrder, readBody } from "dagsmith/plugins/object_backend";
import { azureError, codeOf } from "./azure_error.ts";
import { uploadBlob } from "./upload_blob.ts";

/** Azure takes one key in each request. */
const DELETES_AT_ONCE = 16;
const COPY_POLL_MS = 200;
const PAGE = { maxPageSize: 1000 };

/** A client, and when its requests end. */
export interface AzureSession {
  readonly client: BlobServiceClient;
  /** Where requests go, for messages. */
  readonly host: string;
  readonly signal: AbortSignal;
  readonly permissions: typeof BlobSASPermissions;
}

export class AzureObjects implements ObjectBackend {
  readonly system = "Azure";
  readonly maxCopyBytes = null;
  readonly #session: AzureSession;

  constructor(session: AzureSession) {
    this.#session = session;
  }

  #blob({ bucket, key }: ObjectAddress): BlockBlobClient {
    return this.#session.client.getContainerClient(bucket).getBlockBlobClient(key);
  }

  async #named<Result>(
    verb: string,
    at: ObjectAddress,
    work: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { signal, host } = this.#session;
    try {
      signal.throwIfAborted();
      return await work(signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const place = placeOf(verb, at);
      if (codeOf(error) === "ContainerNotFound")
        throw new FailTask(`${place}: there is no container ${at.bucket}`, { cause: error });
      if (codeOf(error) === "InvalidBlockList")
        throw new Error(`${place}: another upload of it ended first`, { cause: error });
      throw azureError(place, host, error);
    }
  }

  put(at: ObjectAddress, bytes: AsyncIterable<Uint8Array>, options: PutObjectOptions) {
    return this.#named("put", at, (signal) =>
      uploadBlob(this.#blob(at), bytes, uploadOptions(options), signal),
    );
  }

  range(
    at: ObjectAddress,
    { from, length, etag }: { from: number; length: number; etag: string | null },
  ): Promise<Uint8Array | "missing" | "changed"> {
    if (length <= 0) return Promise.resolve(new Uint8Array());
    return this.#named("get", at, async (abortSignal) => {
      // The library ends a body that breaks off as if it was cancelled, and repeats nothing.
      const conditions = etag === null ? {} : { conditions: { ifMatch: etag } };
      const place = { place: placeOf("get", at), host: this.#session.host, signal: abortSignal };
      try {
        return await readBody(place, async () => {
          const options = { abortSignal, maxRetryRequests: 0, ...conditions };
          const answer = await this.#blob(at).download(from, length, options);
          return answer.readableStreamBody as Readable;
        });
      } catch (error) {
        const found = RANGE_REFUSALS[codeOf(error) ?? ""];
        if (found === undefined) throw error;
        return found;
      }
    });
  }

  head(at: ObjectAddress): Promise<ObjectHead | null> {
    return this.#named("head", at, async (abortSignal) => {
      try {
        return headOf(at.key, await this.#blob(at).getProperties({ abortSignal }));
      } catch (error) {
        if (codeOf(error) === "BlobNotFound") return null;
        throw error;
      }
    });
  }

  async *list(bucket: string, of: { prefix: string; delimiter: "/" | null }) {
    const container = this.#session.client.getContainerClient(bucket);
    const options = { prefix: of.prefix, abortSignal: this.#session.signal };
    const pages = of.delimiter
      ? container.listBlobsByHierarchy(of.delimiter, options).byPage(PAGE)
      : container.listBlobsFlat(options).byPage(PAGE);
    for (;;) {
      const place = { bucket, key: of.prefix };
      const { done, value } = await this.#named("list", place, () => pages.next());
      if (done) return;
      yield* entriesOf(value.segment);
    }
  }

  copy(from: ObjectAddress, to: ObjectAddress): Promise<void> {
    return this.#named("copy", from, async (abortSignal) => {
      const options = { abortSignal, intervalInMs: COPY_POLL_MS };
      const copying = await this.#blob(to).beginCopyFromURL(this.#blob(from).url, options);
      await copying.pollUntilDone();
    });
  }

  async delete(bucket: string, keys: readonly string[]): Promise<void> {
    await eachAtOnce(keys, DELETES_AT_ONCE, (key) => this.#deleteOne({ bucket, key }));
  }

  #deleteOne(at: ObjectAddress): Promise<void> {
    return this.#named("delete", at, async (abortSignal) => {
      await this.#blob(at).deleteIfExists({ deleteSnapshots: "include", abortSignal });
    });
  }

  presign(
    at: ObjectAddress,
    { method, seconds }: { method: "GET" | "PUT"; seconds: number },
  ): Promise<string> {
    return this.#named("presign", at, async () => {
      const permissions = this.#session.permissions.parse(method === "GET" ? "r" : "cw");
      const expiresOn = new Date(Date.now() + seconds * 1000);
      return this.#blob(at)
        .generateSasUrl({ permissions, expiresOn })
        .catch((cause: unknown) => {
          throw new FailTask(
            `Azure presign az://${at.bucket}/${at.key}: the login cannot sign; give the connection the access key of the account`,
            { cause },
          );
        });
    });
  }
}

const placeOf = (verb: string, { bucket, key }: ObjectAddress): string =>
  `Azure ${verb} az://${bucket}/${key}`;

/** What the refusal of a range says of the object. */
const RANGE_REFUSALS: Readonly<Record<string, Uint8Array | "missing" | "changed">> = {
  BlobNotFound: "missing",
  ConditionNotMet: "changed",
  InvalidRange: new Uint8Array(),
};

function uploadOptions(options: PutObjectOptions) {
  const { contentType = "application/octet-stream", contentEncoding, metadata } = options;
  const { storageClass, encryptionKey } = options;
  return {
    blobHTTPHeaders: {
      blobContentType: contentType,
      ...(contentEncoding && { blobContentEncoding: contentEncoding }),
    },
    ...(metadata && { metadata: { ...metadata } }),
    ...(storageClass && { tier: storageClass }),
    ...(encryptionKey && { encryptionScope: encryptionKey }),
  };
}

function entriesOf(segment: {
  readonly blobItems: readonly BlobItem[];
  readonly blobPrefixes?: readonly { readonly name: string }[];
}): (StoredObject | ObjectFolder)[] {
  const folders = (segment.blobPrefixes ?? []).map(({ name }) => ({ prefix: name }));
  return inKeyOrder([...folders, ...segment.blobItems.map(objectOf)]);
}

function objectOf({ name, properties }: BlobItem): StoredObject {
  return {
    key: name,
    size: properties.contentLength ?? 0,
    etag: quoted(properties.etag),
    lastModified: properties.lastModified,
  };
}

/** A listing has etags without the quotes that every other answer has. */
const quoted = (etag: string): string => (etag.startsWith('"') ? etag : `"${etag}"`);

type Properties = Awaited<ReturnType<BlockBlobClient["getProperties"]>>;

function headOf(key: string, found: Properties): ObjectHead {
  return {
    key,
    size: found.contentLength ?? 0,
    etag: quoted(found.etag ?? ""),
    lastModified: found.lastModified ?? new Date(0),
    contentType: found.contentType ?? null,
    contentEncoding: found.contentEncoding || null,
    storageClass: found.accessTier ?? null,
    encryption: found.encryptionScope ?? null,
    metadata: found.metadata ?? {},
  };
}
