/**
 * The client of the S3 hook, on the AWS SDK. Apart from the hook, because importing the
 * SDK takes 250 ms.
 */
import { addAbortSignal, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { HookContext, ObjectAddress } from "dagsmith";
import { unpacked } from "dagsmith/plugins/formats";
import type { S3Config } from "./config.ts";
import { lateSignal } from "./late_signal.ts";
import type { PutOptions, S3, S3Object, S3ObjectHead } from "./s3.ts";
import { wholeBody } from "./s3_body.ts";
import { S3Objects } from "./s3_objects.ts";
import { hostOf, newS3Client } from "./s3_options.ts";
import { type S3Session, uploadStream } from "./s3_upload.ts";

/** Opens a client. The signal ends every request. */
export function openS3(config: S3Config, context: HookContext): S3 {
  const { signal, log } = context;
  const late = lateSignal(signal);
  return new SdkS3({ client: newS3Client(config), host: hostOf(config), signal, late, log });
}

class SdkS3 implements S3 {
  readonly client: S3Client;
  readonly objects: S3Objects;
  readonly #session: S3Session;

  constructor(session: S3Session) {
    this.client = session.client;
    this.objects = new S3Objects(session);
    this.#session = session;
  }

  putStream(
    bucket: string,
    key: string,
    body: AsyncIterable<Uint8Array | string>,
    { contentType = "application/octet-stream", gzip = false }: PutOptions = {},
  ) {
    return this.objects.named("PutObject", { bucket, key }, async () => {
      const encoding = gzip ? { ContentEncoding: "gzip" } : {};
      const params = { Bucket: bucket, Key: key, ContentType: contentType, ...encoding };
      const { size } = await uploadStream(this.#session, body, params, gzip ? [createGzip()] : []);
      return { bytes: size };
    });
  }

  putText(bucket: string, key: string, text: string, options: PutOptions = {}) {
    const typed = { contentType: "text/plain; charset=utf-8", ...options };
    return this.putStream(bucket, key, Readable.from([Buffer.from(text)]), typed);
  }

  async getStream(bucket: string, key: string): Promise<Readable> {
    const { signal: abortSignal } = this.#session;
    return this.objects.named("GetObject", { bucket, key }, async () => {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const object = await this.client.send(command, { abortSignal });
      const name = `s3://${bucket}/${key}`;
      const chunks = wholeBody(object.Body as Readable, object.ContentLength, name);
      const body = addAbortSignal(abortSignal, Readable.from(chunks, { objectMode: false }));
      return object.ContentEncoding === "gzip" ? unpacked(body, "gzip", name) : body;
    });
  }

  async getText(bucket: string, key: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.getStream(bucket, key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  }

  head(bucket: string, key: string): Promise<S3ObjectHead | null> {
    return this.objects.head({ bucket, key });
  }

  async exists(bucket: string, key: string): Promise<boolean> {
    return (await this.head(bucket, key)) !== null;
  }

  async *list(bucket: string, prefix = ""): AsyncGenerator<S3Object> {
    for await (const found of this.objects.list(bucket, { prefix, delimiter: null }))
      if ("key" in found) yield found;
  }

  delete(bucket: string, keys: string | readonly string[]): Promise<void> {
    return this.objects.delete(bucket, typeof keys === "string" ? [keys] : keys);
  }

  copy(from: ObjectAddress, to: ObjectAddress): Promise<void> {
    return this.objects.copy(from, to);
  }
}
