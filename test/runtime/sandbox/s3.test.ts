/**
 * The sandbox S3, spoken to by the AWS SDK. Its default settings frame uploads as
 * aws-chunked.
 */
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SandboxS3, startSandboxS3 } from "../../../runtime/sandbox/s3.ts";

const Bucket = "lake";
let server: SandboxS3;
let client: S3Client;

beforeEach(async () => {
  server = await startSandboxS3({ buckets: [Bucket] });
  client = new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    maxAttempts: 3,
  });
});

afterEach(async () => {
  client.destroy();
  await server.close();
});

const put = (Key: string, Body: string | Readable = Key): Promise<unknown> =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }));
const text = async (Key: string, Range?: string): Promise<string | undefined> =>
  (
    await client.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }))
  ).Body?.transformToString();

test("an object comes back as it was put, with its type, size and an ETag", async () => {
  await client.send(
    new PutObjectCommand({
      Bucket,
      Key: "a & <b>/ü.json",
      Body: "{}",
      ContentType: "application/json",
    }),
  );
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "a & <b>/ü.json" }));
  expect(head).toMatchObject({
    ContentType: "application/json",
    ContentLength: 2,
    ETag: '"99914b932bd37a50b983c5e7c90ae93b"',
  });
  expect(await text("a & <b>/ü.json")).toBe("{}");
});

test("a streamed upload is stored without its chunk framing", async () => {
  const upload = new Upload({
    client,
    params: {
      Bucket,
      Key: "big",
      Body: Readable.from(["x".repeat(6_000_000), "y".repeat(6_000_000)]),
    },
  });
  await upload.done();
  expect(await text("big", "bytes=5999998-6000001")).toBe("xxyy");
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: "big" }))).ContentLength).toBe(
    12_000_000,
  );
});

test("a stream of known length is stored without its chunk framing", async () => {
  await client.send(
    new PutObjectCommand({
      Bucket,
      Key: "s",
      Body: Readable.from(["abc", "def"], { objectMode: false }),
      ContentLength: 6,
    }),
  );
  expect(await text("s")).toBe("abcdef");
});

test("a range gives that part, a suffix the end, and a range behind the end is refused", async () => {
  await put("k", "0123456789");
  expect(await text("k", "bytes=2-4")).toBe("234");
  expect(await text("k", "bytes=7-")).toBe("789");
  expect(await text("k", "bytes=-2")).toBe("89");
  await expect(text("k", "bytes=10-")).rejects.toMatchObject({ name: "InvalidRange" });
});

test("a listing is cut into pages that tokens continue, in key order, with folders folded", async () => {
  for (const key of ["b/1", "a", "b/2", "c/1", "d"]) await put(key);
  const page = async (ContinuationToken?: string) =>
    client.send(
      new ListObjectsV2Command({
        Bucket,
        Delimiter: "/",
        MaxKeys: 2,
        ...(ContinuationToken && { ContinuationToken }),
      }),
    );
  const first = await page();
  expect(first.Contents?.map(({ Key }) => Key)).toEqual(["a"]);
  expect(first.CommonPrefixes).toEqual([{ Prefix: "b/" }]);
  const second = await page(first.NextContinuationToken);
  expect(second.CommonPrefixes).toEqual([{ Prefix: "c/" }]);
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(["d"]);
  expect(second.IsTruncated).toBe(false);
  expect(
    (await client.send(new ListObjectsV2Command({ Bucket, Prefix: "b/" }))).Contents?.map(
      ({ Size }) => Size,
    ),
  ).toEqual([3, 3]);
});

test("objects are copied with their type, and deleted together", async () => {
  await client.send(
    new PutObjectCommand({ Bucket, Key: "from", Body: "x", ContentType: "text/csv" }),
  );
  await client.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource: `${Bucket}/from` }));
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: "to" }))).ContentType).toBe(
    "text/csv",
  );
  await client.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: "from" }, { Key: "to" }, { Key: "never" }] },
    }),
  );
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
});

test("a multipart upload shows its parts until it is aborted, and then is gone", async () => {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "m" }));
  await client.send(
    new UploadPartCommand({ Bucket, Key: "m", UploadId, PartNumber: 1, Body: "part" }),
  );
  expect(
    (await client.send(new ListPartsCommand({ Bucket, Key: "m", UploadId }))).Parts,
  ).toMatchObject([{ PartNumber: 1, Size: 4 }]);
  const uploads = async () =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.map(({ Key }) => Key);
  expect(await uploads()).toEqual(["m"]);
  const { AbortMultipartUploadCommand } = await import("@aws-sdk/client-s3");
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key: "m", UploadId }));
  expect(await uploads()).toBeUndefined();
});

test("what does not exist is refused by S3's names, and buckets are made by clients", async () => {
  await expect(text("none")).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(client.send(new HeadBucketCommand({ Bucket: "other" }))).rejects.toMatchObject({
    name: "NotFound",
  });
  await expect(
    client.send(new PutObjectCommand({ Bucket: "other", Key: "k", Body: "" })),
  ).rejects.toMatchObject({ name: "NoSuchBucket" });
  await client.send(new CreateBucketCommand({ Bucket: "other" }));
  expect((await client.send(new ListBucketsCommand())).Buckets?.map(({ Name }) => Name)).toEqual([
    Bucket,
    "other",
  ]);
});

test("SlowDown comes at every n-th request, and the SDK gets through", async () => {
  server.faults.slowDownEvery = 2;
  for (const key of ["1", "2", "3"]) await put(key);
  expect(server.requests.get("PUT")).toBeGreaterThan(3);
});

test("a truncated body breaks off", async () => {
  await put("k", "0123456789");
  server.faults.truncateAfter = 4;
  await expect(text("k")).rejects.toThrow();
});

test("a held body goes on when it is let go", async () => {
  await put("k", "0123456789");
  const { promise: until, resolve } = Promise.withResolvers<void>();
  server.faults.hold = { afterBytes: 4, until, reached: resolve };
  expect(await text("k")).toBe("0123456789");
});

test("uploads break off as often as asked, store nothing then, and go on after that", async () => {
  server.faults.cutUploads = { afterBytes: 1_000, times: 3 };
  await put("small");
  await expect(put("large", "x".repeat(1_001))).rejects.toThrow();
  expect([server.faults.cutUploads.times, await text("small")]).toEqual([0, "small"]);
  await expect(text("large")).rejects.toThrow("The specified key does not exist");
  await put("large", "x".repeat(1_001));
  expect(await text("large")).toHaveLength(1_001);
});
