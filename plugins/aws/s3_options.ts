/** The options of the SDK's client of S3, from a connection. */
import { S3Client } from "@aws-sdk/client-s3";
import type { AwsConfig } from "./config.ts";

const MAX_ATTEMPTS = 5;
const CONNECTION_TIMEOUT_MS = 10_000;
/** A server that holds a connection open and says nothing for this long has failed. */
const IDLE_TIMEOUT_MS = 120_000;

export function newS3Client(config: AwsConfig): S3Client {
  return new S3Client({
    ...config,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    // Stores that only imitate S3 know neither virtual hosts nor the trailing
    // checksums, and would store the chunk framing as content.
    ...(config.endpoint && {
      forcePathStyle: true,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
  });
}

export function hostOf({ endpoint, region }: AwsConfig): string {
  return endpoint ? new URL(endpoint).host : `Amazon S3${region ? ` in ${region}` : ""}`;
}
