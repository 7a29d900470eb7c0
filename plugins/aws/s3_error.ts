/** Errors of S3 as people read them: which operation on which object, and why. */
import { FailTask } from "dagsmith";

/** What the SDK throws, known by its fields: its classes would have to be loaded with the DAG file. */
interface SdkError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
}

/** No retry mends these. */
const PERMANENT = [
  "NoSuchBucket",
  "InvalidBucketName",
  "AccessDenied",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
];

/** An error of the SDK with its place; whatever else was thrown (by the source of an upload, by an abort) as it is. */
export function s3Error(operation: string, bucket: string, key: string, error: unknown): unknown {
  if (!isSdkError(error)) return error;
  const message = `S3 ${operation} s3://${bucket}/${key}: ${error.name}: ${error.message}`;
  return PERMANENT.includes(error.name)
    ? new FailTask(message, { cause: error })
    : new Error(message, { cause: error });
}

/** Whether S3 answered that there is no such object. A HEAD has no body, so the status is all it can say. */
export function isMissing(error: unknown): boolean {
  return isSdkError(error) && error.name === "NotFound" && error.$metadata.httpStatusCode === 404;
}

function isSdkError(error: unknown): error is SdkError {
  return error instanceof Error && "$metadata" in error;
}
