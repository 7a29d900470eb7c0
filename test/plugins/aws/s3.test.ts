/** The S3 hook against a real HTTP server. */
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { FailTask } from "dagsmith";
import { type S3, s3Hook } from "dagsmith/plugins/aws";
import { runTask } from "dagsmith/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { wholeBody } from "../../../plugins/aws/s3_body.ts";
import { type SandboxS3, startSandboxS3 } from "../../../runtime/sandbox/s3.ts";

const SECRET = "s3cr3t-access-key";
let server: SandboxS3;

beforeEach(async () => {
  server = await startSandboxS3({ buckets: ["lake"] });
});
afterEach(() => server.close());

async function withS3<Output>(
  work: (s3: S3) => Promise<Output>,
  signal?: AbortSignal,
): Promise<Output> {
  let output: Output | undefined;
  await runTask(
    async ({ hook }) => {
      output = await work(await hook(s3Hook("lake")));
    },
    {
      connections: {
        lake: { type: "aws", login: "AKIA", password: SECRET, extra: { endpoint_url: server.url } },
      },
      ...(signal && { signal }),
    },
  );
  return output as Output;
}

async function* chunks(count: number, then: () => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(1024 * 1024, index);
  then();
}

const uploadsLeft = (s3: S3) =>
  s3.client
    .send(new ListMultipartUploadsCommand({ Bucket: "lake" }))
    .then(({ Uploads }) => Uploads);

test("a stream of unknown length larger than one part comes back byte for byte", async () => {
  await withS3(async (s3) => {
    expect(await s3.putStream("lake", "big", chunks(20))).toEqual({ bytes: 20 * 1024 * 1024 });
    let [bytes, wrong] = [0, 0];
    for await (const chunk of await s3.getStream("lake", "big")) {
      for (const byte of chunk as Buffer) if (byte !== Math.floor(bytes++ / (1024 * 1024))) wrong++;
    }
    expect([bytes, wrong]).toEqual([20 * 1024 * 1024, 0]);
  });
});

test("an empty stream is an empty object", async () => {
  await withS3(async (s3) => {
    expect(await s3.putStream("lake", "empty", Readable.from([]))).toEqual({ bytes: 0 });
    expect(await s3.getText("lake", "empty")).toBe("");
  });
});

test.each([2, 20])(
  "a source that throws after %d MiB leaves the old object and no parts, and its error is what comes out",
  async (count) => {
    await withS3(async (s3) => {
      await s3.putText("lake", "k", "old");
      const broken = chunks(count, () => {
        throw new FailTask("the source broke");
      });
      await expect(s3.putStream("lake", "k", broken)).rejects.toThrow(
        new FailTask("the source broke"),
      );
      expect(await s3.getText("lake", "k")).toBe("old");
      expect(await uploadsLeft(s3)).toBeUndefined();
    });
  },
);

test("an abort in the middle of an upload leaves no object and no parts, even when the source never ends", async () => {
  const controller = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield* chunks(20);
    controller.abort(new Error("cancelled"));
    await new Promise(() => {});
  }
  await expect(
    withS3((s3) => s3.putStream("lake", "k", endless()), controller.signal),
  ).rejects.toThrow("cancelled");
  await withS3(async (s3) => {
    expect(await s3.exists("lake", "k")).toBe(false);
    expect(await uploadsLeft(s3)).toBeUndefined();
  });
});

test("an upload that S3 refuses ends the source too", async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks(100);
    } finally {
      end();
    }
  }
  await expect(withS3((s3) => s3.putStream("nowhere", "k", source()))).rejects.toMatchObject({
    name: "FailTask",
    message: /NoSuchBucket/,
  });
  await ended;
});

test("gzip stores compressed bytes, marked as such, and reading undoes it", async () => {
  await withS3(async (s3) => {
    const { bytes } = await s3.putText("lake", "k.json", "x".repeat(10_000), { gzip: true });
    expect(bytes).toBeLessThan(100);
    expect(await s3.head("lake", "k.json")).toMatchObject({ size: bytes, contentEncoding: "gzip" });
    expect(await s3.getText("lake", "k.json")).toBe("x".repeat(10_000));
    const raw = await s3.client.send(new GetObjectCommand({ Bucket: "lake", Key: "k.json" }));
    expect(gunzipSync(await raw.Body!.transformToByteArray())).toHaveLength(10_000);
  });
});

test.each([true, false])(
  "a body shorter than announced fails the read (gzip: %s)",
  async (gzip) => {
    await withS3(async (s3) => {
      await s3.putText(
        "lake",
        "k",
        Array.from({ length: 50_000 }, (_, index) => String(index)).join(),
        { gzip },
      );
      server.faults.truncateAfter = 20_000;
      await expect(s3.getText("lake", "k")).rejects.toThrow(
        /^S3 GetObject s3:\/\/lake\/k: the body (broke off after|has) 20000 of \d+ bytes/,
      );
    });
  },
);

test("an abort ends a read that hangs", async () => {
  const controller = new AbortController();
  server.faults.hold = {
    afterBytes: 2,
    until: new Promise(() => {}),
    reached: () => controller.abort(),
  };
  await withS3((s3) => s3.putText("lake", "k", "0123456789"));
  await expect(withS3((s3) => s3.getText("lake", "k"), controller.signal)).rejects.toMatchObject({
    name: "AbortError",
  });
});

test("throttling is waited out, a bounded number of times", async () => {
  await withS3(async (s3) => {
    server.faults.slowDownEvery = 2;
    for (const key of ["1", "2", "3"]) await s3.putText("lake", key, key);
    server.faults.slowDownEvery = 1;
    const before = server.requests.get("HEAD") ?? 0;
    await expect(s3.head("lake", "1")).rejects.toThrow("S3 HeadObject s3://lake/1");
    expect((server.requests.get("HEAD") ?? 0) - before).toBe(5);
  });
});

test("list reads page after page; delete takes more keys than one request does", async () => {
  await withS3(async (s3) => {
    const keys = Array.from({ length: 1100 }, (_, index) => `p/${String(index).padStart(4, "0")}`);
    await Promise.all([...keys, "q"].map((key) => s3.putText("lake", key, "x")));
    const listed: string[] = [];
    for await (const { key } of s3.list("lake", "p/")) listed.push(key);
    expect(listed).toEqual(keys);
    await s3.delete("lake", keys);
    const left: string[] = [];
    for await (const { key } of s3.list("lake")) left.push(key);
    expect(left).toEqual(["q"]);
  });
});

test("copy, head and exists", async () => {
  await withS3(async (s3) => {
    await s3.putText("lake", "a b/ü", "x");
    await s3.copy({ bucket: "lake", key: "a b/ü" }, { bucket: "lake", key: "copy" });
    expect(await s3.head("lake", "copy")).toMatchObject({
      key: "copy",
      size: 1,
      contentType: "text/plain; charset=utf-8",
    });
    expect([
      await s3.exists("lake", "copy"),
      await s3.exists("lake", "none"),
      await s3.head("lake", "none"),
    ]).toEqual([true, false, null]);
  });
});

test("an error names operation and object, and never the secret", async () => {
  const error = (await withS3((s3) => s3.getText("lake", "none")).catch(
    (error: unknown) => error,
  )) as Error;
  expect(error.message).toBe(
    "S3 GetObject s3://lake/none: NoSuchKey: The specified key does not exist.",
  );
  expect(error.stack).not.toContain(SECRET);
});

test("a body that ends early without any error of the connection is no whole body", async () => {
  const read = (expected: number | undefined) =>
    Readable.from(
      wholeBody(Readable.from([Buffer.from("abc")]), expected, "s3://lake/k"),
    ).toArray();
  await expect(read(4)).rejects.toThrow("S3 GetObject s3://lake/k: the body has 3 of 4 bytes");
  expect(await read(3)).toHaveLength(1);
  expect(await read(undefined)).toHaveLength(1);
});
