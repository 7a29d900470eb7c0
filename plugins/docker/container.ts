/** One container from its creation to its end. */
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { ProcessLog } from "dagsmith/plugins/process";
import type Docker from "dockerode";
import { type Engine, engineError } from "./engine.ts";

/** How a container ended. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
}

/**
 * Seconds in which a container may tidy up after SIGTERM before it is killed. A task
 * process has 5 s.
 */
const GRACE_S = 3;
/** How long the output may take after the end of the container. */
const OUTPUT_AFTER_END_MS = 5_000;

/**
 * Starts a container, logs its output, and waits for its end. A container whose try is
 * stopped gets SIGTERM, and SIGKILL after 3 seconds.
 * @param name of the container, as messages name it
 * @throws the reason of the abort; FailTask when it cannot start
 */
export async function runContainer(
  engine: Engine,
  container: Docker.Container,
  { name, log }: { readonly name: string; readonly log: ProcessLog },
  signal: AbortSignal,
): Promise<ContainerEnd> {
  try {
    const output = await attach(container);
    const logged = logTo(engine, output, log);
    signal.throwIfAborted();
    await container.start();
    const end = await endOf(container, signal);
    await atMost(OUTPUT_AFTER_END_MS, logged);
    return end;
  } catch (error) {
    signal.throwIfAborted();
    throw engineError(engine, `Running ${name}`, error);
  }
}

/** Before the start, so that no line is missed. */
function attach(container: Docker.Container): Promise<NodeJS.ReadWriteStream> {
  return container.attach({ stream: true, stdout: true, stderr: true, hijack: true });
}

/** Logs the output of both streams until its end. */
async function logTo(
  { client }: Engine,
  output: NodeJS.ReadWriteStream,
  log: ProcessLog,
): Promise<void> {
  client.modem.demuxStream(output, into(log, "stdout"), into(log, "stderr"));
  // An error of the stream says that the container is gone, which its end says better.
  await finished(output, { writable: false }).catch(() => undefined);
}

function into(log: ProcessLog, stream: "stdout" | "stderr"): Writable {
  return new Writable({
    write: (chunk: Uint8Array, _, done) => {
      log.write(stream, chunk);
      done();
    },
  });
}

async function endOf(container: Docker.Container, signal: AbortSignal): Promise<ContainerEnd> {
  const { StatusCode: exitCode } = await endOrStop(container, signal);
  signal.throwIfAborted();
  const { State } = await container.inspect();
  return { exitCode, isOutOfMemory: State.OOMKilled };
}

/** @throws the reason of the abort, after the container was stopped */
async function endOrStop(
  container: Docker.Container,
  signal: AbortSignal,
): Promise<{ readonly StatusCode: number }> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    // One that does not stop is removed by force.
    const asked = container.stop({ t: GRACE_S }).catch(() => undefined);
    void atMost((GRACE_S + 1) * 1000, asked).then(() => reject(signal.reason));
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([container.wait(), stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
