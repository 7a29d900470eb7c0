/** The container engine, and what its errors mean for a task. */
import { errorMessage, FailTask, loadPackage, withCode } from "dagsmith";
import type Docker from "dockerode";

/** The client of the engine, and the library for the archives that it takes and gives. */
export interface Engine {
  readonly client: Docker;
  /** Where it is, as messages name it. */
  readonly address: string;
  readonly tar: typeof import("tar-stream");
}

/** How long an engine may take for a sign of life. */
const ANSWER_MS = 10_000;

/**
 * The engine of `DOCKER_HOST`; default `/var/run/docker.sock`.
 * @throws DagsmithError PACKAGE_MISSING; Error when the engine does not answer; the
 *   reason of the abort
 */
export async function openEngine(signal: AbortSignal): Promise<Engine> {
  const [{ default: Client }, { default: tar }] = await loadPackages();
  const client = new Client();
  const engine = { client, address: addressOf(client), tar };
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    await abortable(client.ping(), AbortSignal.any([signal, late]));
    return engine;
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw noAnswer(engine, `it is silent for ${ANSWER_MS / 1000} s`);
    throw engineError(engine, "Asking the engine for its state", error);
  }
}

function loadPackages() {
  return Promise.all([
    loadPackage("docker()", "dockerode", () => import("dockerode")),
    loadPackage("docker()", "tar-stream", () => import("tar-stream")),
  ]);
}

function addressOf({ modem }: Docker): string {
  const { socketPath, protocol, host, port } = modem as unknown as Readonly<
    Record<string, unknown>
  >;
  if (host !== undefined) return `${protocol}://${host}:${port}`;
  // Without DOCKER_HOST the client looks for the socket when it connects.
  return `unix://${typeof socketPath === "string" ? socketPath : "/var/run/docker.sock"}`;
}

/** Waits for work, but no longer than until the signal. */
export async function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

interface ModemError extends Error {
  readonly code?: string;
  readonly statusCode?: number;
  readonly reason?: string;
  readonly json?: unknown;
}

/** What a retry cannot mend, in the words of Docker and of Podman. */
const FINAL =
  /not found|no such|invalid|not known|permission denied|does not exist|must be|cannot be/i;

/**
 * An error of the engine as the error of a task.
 * @param what was done, such as `Starting the container of loader:3`
 * @returns FailTask where a retry cannot help
 */
export function engineError(engine: Engine, what: string, error: unknown): Error {
  const { statusCode, code } = error as ModemError;
  if (statusCode === undefined)
    return code === undefined ? (error as Error) : noAnswer(engine, reasonOf(error), code);
  const reason = reasonOf(error);
  const message = `${what} failed: ${reason}${/[.!?]$/.test(reason) ? "" : "."}`;
  const isLast = statusCode === 400 || FINAL.test(reason);
  return withCode("ENGINE_REFUSED", isLast ? new FailTask(message) : new Error(message));
}

/** What the engine says, without the frame that the client puts around it. */
export function reasonOf(error: unknown): string {
  const { json } = error as ModemError;
  const told = (json as { readonly message?: unknown } | null | undefined)?.message;
  const text = typeof told === "string" ? told : errorMessage(error);
  return text.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim();
}

export function isMissing(error: unknown): boolean {
  return (error as ModemError).statusCode === 404;
}

function noAnswer({ address }: Engine, reason: string, code = ""): Error {
  const advice = /^(EACCES|EPERM)$/.test(code)
    ? "Give the user of the worker the right to use it (on most systems: the group docker)."
    : "Start Docker or Podman on the machine of the worker, or set DOCKER_HOST for the worker.";
  const message = `No container engine answers at ${address}: ${reason}. ${advice}`;
  return withCode("ENGINE_AWAY", new Error(message));
}
