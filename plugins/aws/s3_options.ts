/** The options of the SDK's client of S3, from a connection. */
import { S3Client } from "@aws-sdk/client-s3";
import { clientOptions } from "./client_options.ts";
import type { S3Config } from "./config.ts";

/** @throws FailTask when the CA bundle cannot be read, or this Node has no proxies */
export function newS3Client({ addressingStyle, ...config }: S3Config): S3Client {
  return new S3Client({
    ...clientOptions(config),
    // Stores that only imitate S3 know neither virtual hosts nor the trailing
    // checksums, and would store the chunk framing as content.
    forcePathStyle: (addressingStyle ?? (config.endpoint ? "path" : "virtual")) === "path",
    ...(config.endpoint && {
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
  });
}

export function hostOf({ endpoint, region }: S3Config): string {
  return endpoint ? new URL(endpoint).host : `Amazon S3${region ? ` in ${region}` : ""}`;
}
