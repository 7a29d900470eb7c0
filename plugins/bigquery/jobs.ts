/**
 * Jobs of BigQuery: begun once under their id, joined by a retry, waited for, and
 * cancelled with the try.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "dagsmith";
import {
  type GoogleSession,
  type HttpAnswer,
  jsonBody,
  resumableUpload,
} from "dagsmith/plugins/google";
import { type ErrorProto, type JobReference, jobError } from "./job_error.ts";
import { labelsOf } from "./names.ts";
import type { JobOptions } from "./session.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** How long a cancel may take after the end of the try. */
const GRACE_MS = 5_000;
const CANCEL_AGAIN_MS = 200;
/** The id is in use. */
const TAKEN = 409;

/** A job as the API describes it. */
export interface Job {
  readonly jobReference: JobReference;
  readonly status: { readonly state: string; readonly errorResult?: ErrorProto };
  readonly statistics?: JobStatistics;
}

interface Cancelled {
  readonly job?: Job;
}

interface JobStatistics {
  readonly totalBytesProcessed?: string;
  readonly query?: QueryStatistics;
  readonly load?: { readonly outputRows?: string };
  readonly extract?: { readonly destinationUriFileCounts?: readonly string[] };
}

interface QueryStatistics {
  readonly totalBytesProcessed?: string;
  readonly numDmlAffectedRows?: string;
  readonly dmlStats?: { readonly insertedRowCount?: string; readonly updatedRowCount?: string };
}

/** What a job shall do. */
export interface JobWork {
  /** For errors, such as `query`. */
  readonly verb: string;
  /** The part of the configuration of its kind. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Bytes to upload for a load. They are opened once, unless an earlier job is joined. */
  readonly bytes?: () => AsyncIterable<Uint8Array>;
}

export class BigqueryJobs {
  readonly session: GoogleSession;
  readonly project: string;

  constructor(session: GoogleSession, project: string) {
    this.session = session;
    this.project = project;
  }

  /** Runs a job to its end. @throws Error when it fails; FailTask where no retry helps */
  async run(work: JobWork, options: JobOptions = {}): Promise<Job> {
    const { id = `dagsmith_${randomUUID()}`, location } = options;
    this.session.signal.throwIfAborted();
    for (let number = 0; ; number++) {
      const jobId = number === 0 ? id : `${id}_${number}`;
      const reference = { projectId: this.project, jobId, ...(location && { location }) };
      const { job, isNew } = await this.#ended(reference, work, options);
      const { errorResult } = job.status;
      if (!errorResult) return job;
      // The failure of an earlier try is not that of this one.
      if (isNew) throw jobError(work.verb, job.jobReference, errorResult);
    }
  }

  /** The job when it has ended. It is cancelled when the try ends first. */
  async #ended(reference: JobReference, work: JobWork, options: JobOptions) {
    try {
      const { begun, isNew } = await this.#begin(reference, work, options);
      return { isNew, job: await this.#wait(begun, work.verb) };
    } catch (error) {
      if (this.session.signal.aborted) await this.#cancel(reference, work);
      throw error;
    }
  }

  async #begin(reference: JobReference, work: JobWork, options: JobOptions) {
    // What would be uploaded may be there already.
    const earlier = work.bytes && (await this.#find(reference, work.verb));
    if (earlier) return { begun: earlier, isNew: false };
    const answer = await this.#insert(reference, work, options);
    if (answer.status !== TAKEN) return { begun: jsonBody<Job>(answer), isNew: true };
    const begun = await this.#find(reference, work.verb);
    if (begun === null) throw this.session.refusal(placeOf(work.verb), answer);
    return { begun, isNew: false };
  }

  #insert(
    jobReference: JobReference,
    { verb, configuration, bytes }: JobWork,
    { labels = {} }: JobOptions,
  ): Promise<HttpAnswer> {
    const path = `bigquery/v2/projects/${this.project}/jobs`;
    const request = {
      ...{ method: "POST", path, expected: [TAKEN] },
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        jobReference,
        configuration: { ...configuration, labels: labelsOf(labels) },
      }),
    };
    if (bytes === undefined) return this.session.send(placeOf(verb), request);
    const upload = { ...request, path: `upload/${path}`, query: { uploadType: "resumable" } };
    return resumableUpload(this.session, placeOf(verb), upload, bytes());
  }

  async #find(reference: JobReference, verb: string): Promise<Job | null> {
    const request = { ...this.#of(reference), expected: [404] };
    const answer = await this.session.send(placeOf(verb), request);
    return answer.status === 404 ? null : jsonBody<Job>(answer);
  }

  async #wait(begun: Job, verb: string): Promise<Job> {
    let job = begun;
    for (let wait = FIRST_WAIT_MS; job.status.state !== "DONE"; wait *= 1.5) {
      const { signal } = this.session;
      await sleep(Math.min(wait, LONGEST_WAIT_MS), undefined, { signal });
      job = jsonBody(await this.session.send(placeOf(verb), this.#of(job.jobReference)));
    }
    return job;
  }

  /**
   * Cancels until the job has ended, or for some seconds: the request that begins the job
   * may arrive after the first cancel. An upload that was cut short begins no job.
   */
  async #cancel(reference: JobReference, { verb, bytes }: JobWork): Promise<void> {
    const signal = AbortSignal.timeout(GRACE_MS);
    const { path, query } = this.#of(reference);
    const cancel = { method: "POST", path: `${path}/cancel`, query, expected: [404], signal };
    try {
      for (;;) {
        const answer = await this.session.send(placeOf(verb), cancel);
        if (
          answer.status === 404 ? bytes : jsonBody<Cancelled>(answer).job?.status.state === "DONE"
        )
          return;
        await sleep(CANCEL_AGAIN_MS, undefined, { signal });
      }
    } catch (error) {
      const words = `the job ${reference.jobId} may still run: ${errorMessage(error)}`;
      this.session.log.warn(`${placeOf(verb)}: ${words}`);
    }
  }

  #of({ projectId, jobId, location }: JobReference) {
    const query: Record<string, string> = location ? { location } : {};
    return { path: `bigquery/v2/projects/${projectId}/jobs/${jobId}`, query };
  }
}

export const placeOf = (verb: string): string => `BigQuery ${verb}`;
