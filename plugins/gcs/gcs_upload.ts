/** Uploads a stream into an object. The object exists when the last part is stored. */
import type { ObjectAddress, PutObjectOptions } from "dagsmith";
import { type GoogleSession, type HttpAnswer, resumableUpload } from "dagsmith/plugins/google";

/** @returns the description of the stored object, as JSON */
export function uploadStream(
  session: GoogleSession,
  { bucket, key }: ObjectAddress,
  bytes: AsyncIterable<Uint8Array>,
  options: PutObjectOptions,
): Promise<HttpAnswer> {
  const { contentType = "application/octet-stream", contentEncoding, metadata } = options;
  const { storageClass, encryptionKey } = options;
  const begin = {
    method: "POST",
    path: `upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
    query: {
      ...{ uploadType: "resumable", name: key },
      ...(encryptionKey && { kmsKeyName: encryptionKey }),
    },
    headers: { "content-type": "application/json", "x-upload-content-type": contentType },
    body: JSON.stringify({ name: key, contentType, contentEncoding, metadata, storageClass }),
  };
  return resumableUpload(session, `GCS put gs://${bucket}/${key}`, begin, bytes);
}
