/** Why a job failed, in words, and whether a retry can help. Pure. */
import { FailTask } from "dagsmith";

export interface JobReference {
  readonly projectId: string;
  readonly jobId: string;
  readonly location?: string;
}

export interface ErrorProto {
  readonly reason?: string;
  readonly message?: string;
}

/** What a later try may not meet. */
const PASSING = [
  ...["backendError", "internalError", "jobBackendError", "jobInternalError"],
  ...["rateLimitExceeded", "jobRateLimitExceeded", "quotaExceeded"],
  ...["stopped", "timeout", "tableUnavailable"],
];
/** Two statements that change one table at the same time: the reason is invalidQuery. */
const CONFLICT = /could not serialize access|concurrent update/i;

const REMEDIES: Readonly<Record<string, string>> = {
  accessDenied: "; give the account of the connection rights to the tables, and to files in gs://",
  bytesBilledLimitExceeded: "; raise maxBytesBilled, or read less",
  notFound: "; check the names, and the location of the dataset",
  quotaExceeded: "; raise the quota of the project, or try later",
  stopped: "; the job was cancelled",
};

/**
 * @param verb what the job does, such as `query`
 * @returns FailTask where a retry cannot help
 */
export function jobError(
  verb: string,
  { projectId, location, jobId }: JobReference,
  { reason = "unknown", message = "no reason given" }: ErrorProto,
): Error {
  const job = `job ${projectId}:${location ? `${location}.` : ""}${jobId}`;
  const words = `BigQuery ${verb}: ${message.trim()}${REMEDIES[reason] ?? ""} (${reason}, ${job})`;
  return PASSING.includes(reason) || CONFLICT.test(message)
    ? new Error(words)
    : new FailTask(words);
}
