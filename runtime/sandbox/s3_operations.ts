/**
 * The answers of the sandbox S3 to each operation: from a parsed request to a response,
 * without a socket.
 */
import { S3Refusal, type S3Store, type StoredObject } from "./s3_store.ts";

export interface S3Request {
  readonly method: string;
  /** Empty for a request to the service itself. */
  readonly bucket: string;
  /** Empty for a request to a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Without chunk framing. */
  readonly body: Buffer;
}

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

type Operation = (store: S3Store, request: S3Request) => S3Response;

/** Method, target, and the query parameter that changes the meaning. */
const operations: Readonly<Record<string, Operation>> = {
  "GET service": (store) =>
    xml(
      "ListAllMyBucketsResult",
      `<Buckets>${store.bucketNames.map((name) => `<Bucket>${tag("Name", name)}</Bucket>`).join("")}</Buckets>`,
    ),
  "PUT bucket": (store, { bucket }) => {
    store.createBucket(bucket);
    return { status: 200 };
  },
  "HEAD bucket": (store, { bucket }) => {
    store.bucket(bucket);
    return { status: 200 };
  },
  "GET bucket": listObjects,
  "GET bucket?uploads": (store, { bucket }) =>
    xml(
      "ListMultipartUploadsResult",
      store
        .uploads(bucket)
        .map(({ id, key }) => `<Upload>${tag("Key", key)}${tag("UploadId", id)}</Upload>`),
    ),
  "POST bucket?delete": deleteObjects,
  "PUT object": (store, { bucket, key, body, headers }) =>
    stored(store.put(bucket, key, body, kept(headers))),
  "PUT object?copy": copyObject,
  "GET object": getObject,
  "HEAD object": getObject,
  "DELETE object": (store, { bucket, key }) => {
    store.bucket(bucket).delete(key);
    return { status: 204 };
  },
  "POST object?uploads": (store, { bucket, key, headers }) =>
    xml("InitiateMultipartUploadResult", [
      tag("Bucket", bucket),
      tag("Key", key),
      tag("UploadId", store.createUpload(bucket, key, kept(headers))),
    ]),
  "PUT object?partNumber": (store, { query, body }) =>
    stored(store.putPart(uploadId(query), Number(query.get("partNumber")), body)),
  "GET object?uploadId": listParts,
  "POST object?uploadId": completeUpload,
  "DELETE object?uploadId": (store, { query }) => {
    store.abortUpload(uploadId(query));
    return { status: 204 };
  },
};

/** Answers a request. A refusal is an answer too. */
export function answer(store: S3Store, request: S3Request): S3Response {
  try {
    const operation = operations[nameOf(request)];
    if (!operation)
      throw new S3Refusal(501, "NotImplemented", `The sandbox does not know ${nameOf(request)}.`);
    return operation(store, request);
  } catch (error) {
    if (error instanceof S3Refusal) return refusal(error.status, error.code, error.message);
    throw error;
  }
}

export function refusal(status: number, code: string, message: string): S3Response {
  return { ...xml("Error", [tag("Code", code), tag("Message", message)]), status };
}

function nameOf({ method, bucket, key, query, headers }: S3Request): string {
  const target = bucket === "" ? "service" : key === "" ? "bucket" : "object";
  const variant = ["partNumber", "uploadId", "uploads", "delete"].find((name) => query.has(name));
  const copy = method === "PUT" && headers["x-amz-copy-source"] !== undefined ? "copy" : undefined;
  const suffix = copy ?? variant;
  return `${method} ${target}${suffix ? `?${suffix}` : ""}`;
}

function listObjects(store: S3Store, { bucket, query }: S3Request): S3Response {
  const text = (name: string): string => query.get(name) ?? "";
  const encode =
    query.get("encoding-type") === "url" ? encodeURIComponent : (key: string): string => key;
  const token = query.get("continuation-token");
  const { objects, commonPrefixes, next } = store.list(bucket, {
    prefix: text("prefix"),
    delimiter: text("delimiter"),
    after: token === null ? text("start-after") : Buffer.from(token, "base64url").toString(),
    maxKeys: Math.min(Number(query.get("max-keys") ?? 1000), 1000),
  });
  return xml("ListBucketResult", [
    tag("Name", bucket),
    tag("Prefix", encode(text("prefix"))),
    tag("KeyCount", String(objects.length + commonPrefixes.length)),
    tag("IsTruncated", String(next !== null)),
    next === null ? "" : tag("NextContinuationToken", Buffer.from(next).toString("base64url")),
    ...objects.map(
      (object) => `<Contents>${tag("Key", encode(object.key))}${described(object)}</Contents>`,
    ),
    ...commonPrefixes.map(
      (prefix) => `<CommonPrefixes>${tag("Prefix", encode(prefix))}</CommonPrefixes>`,
    ),
  ]);
}

function described({ content, etag, lastModified }: StoredObject): string {
  return (
    tag("LastModified", lastModified.toISOString()) +
    tag("ETag", etag) +
    tag("Size", String(content.length))
  );
}

function deleteObjects(store: S3Store, { bucket, body }: S3Request): S3Response {
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) =>
    unescapeXml(key ?? ""),
  );
  for (const key of keys) store.bucket(bucket).delete(key);
  return xml(
    "DeleteResult",
    keys.map((key) => `<Deleted>${tag("Key", key)}</Deleted>`),
  );
}

function copyObject(store: S3Store, { bucket, key, headers }: S3Request): S3Response {
  const [, from = "", fromKey = ""] =
    /^\/?([^/]+)\/(.+)$/.exec(decodeURIComponent(String(headers["x-amz-copy-source"]))) ?? [];
  const source = store.get(from, fromKey);
  return xml("CopyObjectResult", described(store.put(bucket, key, source.content, source.headers)));
}

function getObject(store: S3Store, { bucket, key, headers }: S3Request): S3Response {
  const object = store.get(bucket, key);
  const described = {
    ...object.headers,
    etag: object.etag,
    "last-modified": object.lastModified.toUTCString(),
    "accept-ranges": "bytes",
  };
  const range = rangeOf(String(headers.range ?? ""), object.content.length);
  if (range === null) return { status: 200, headers: described, body: object.content };
  const [start, end] = range;
  const contentRange = `bytes ${start}-${end - 1}/${object.content.length}`;
  return {
    status: 206,
    headers: { ...described, "content-range": contentRange },
    body: object.content.subarray(start, end),
  };
}

/** Start inclusive, end exclusive; null without a range. */
function rangeOf(header: string, length: number): readonly [number, number] | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  if (!match) return null;
  const [, first = "", last = ""] = match;
  const start = first === "" ? Math.max(0, length - Number(last)) : Number(first);
  const end = first === "" || last === "" ? length : Math.min(Number(last) + 1, length);
  if (start >= length)
    throw new S3Refusal(416, "InvalidRange", "The requested range is not satisfiable");
  return [start, end];
}

function listParts(store: S3Store, { query }: S3Request): S3Response {
  const parts = [...store.upload(uploadId(query)).parts].sort(([one], [other]) => one - other);
  return xml(
    "ListPartsResult",
    parts.map(
      ([number, { content, etag }]) =>
        `<Part>${tag("PartNumber", String(number))}${tag("ETag", etag)}${tag("Size", String(content.length))}</Part>`,
    ),
  );
}

function completeUpload(store: S3Store, { query, body }: S3Request): S3Response {
  const parts = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: unescapeXml(/<ETag>([^<]+)</.exec(part)?.[1] ?? ""),
  }));
  const { key, etag } = store.completeUpload(uploadId(query), parts);
  return xml("CompleteMultipartUploadResult", tag("Key", key) + tag("ETag", etag));
}

function uploadId(query: URLSearchParams): string {
  return query.get("uploadId") ?? "";
}

function stored({ etag }: { readonly etag: string }): S3Response {
  return { status: 200, headers: { etag } };
}

/**
 * The headers that are returned when the object is read. `aws-chunked` describes the
 * upload, not the object.
 */
function kept(headers: S3Request["headers"]): Record<string, string> {
  const wanted = Object.entries(headers).filter(
    ([name]) => name.startsWith("content-type") || name.startsWith("x-amz-meta-"),
  );
  const encodings = String(headers["content-encoding"] ?? "").split(/,\s*/);
  const encoding = encodings.filter((name) => name !== "" && name !== "aws-chunked").join(", ");
  return {
    ...Object.fromEntries(wanted.map(([name, value]) => [name, String(value)])),
    ...(encoding && { "content-encoding": encoding }),
  };
}

function xml(root: string, content: string | readonly string[]): S3Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${[content].flat().join("")}</${root}>`;
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function tag(name: string, value: string): string {
  return `<${name}>${value.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)}</${name}>`;
}

function unescapeXml(text: string): string {
  const plain = Object.entries(ENTITIES).reduce(
    (rest, [character, entity]) => rest.replaceAll(entity, character),
    text.replace(/&#34;/g, '"'),
  );
  return plain;
}
